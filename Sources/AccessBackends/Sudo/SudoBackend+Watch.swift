import CurfewDrivers
import CurfewModel
import CurfewSystem
import Glibc

extension SudoBackend {
    /// Looks four times a second, while there are drop-ins, at what runs under them: whoever calls sudo can kill it, and what it
    /// ran is then to be told from the processes of others.
    func watch() {
        guard watcher == nil else { return }
        watcher = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(250))
                guard let self else { return }
                await self.note()
            }
        }
    }

    /// Writes down what runs under the live drop-ins.
    func note() {
        guard let live = try? liveDropIns(at: now()), !live.isEmpty else { return }
        let claims = live.compactMap { Claim($0) }
        let table = Processes.all()
        guard let found = try? running(under: claims, table), !found.isEmpty else { return }
        for id in Set(found.flatMap(\.grants)) {
            guard var trace = traces.read(id) else { continue }
            let own = found.filter { $0.grants.contains(id) && $0.others.isEmpty && !$0.running.isServiceControl }
            let roots = own.map(\.running.process.pid)
            let below = Processes.below(Set(roots), in: table).compactMap { table[$0]?.id }
            let known = (trace.members ?? []).filter(\.isAlive)
            let members = Array(Set(known).union(below)).sorted { $0.started < $1.started }.suffix(200)
            guard Set(members) != Set(trace.members ?? []) else { continue }
            trace.members = Array(members)
            try? traces.write(trace, isDurable: false)
        }
    }

    /// Puts back drop-ins of live grants that are gone.
    func restore() throws {
        for name in PlainFile.names(in: traces.path) ?? [] where name.hasSuffix(".json") {
            guard let id = traces.id(of: name), givings[id] == nil, let trace = traces.read(id), trace.removed == nil,
                trace.end > now(),
                let text = trace.text, let wanted = DropIn(text: text), wanted.grant == id
            else { continue }
            // One that was changed is reported: it may give more than it should, or be somebody's.
            guard case .missing = DropInFile.read(path(id)) else { continue }
            guard HostCheck.problems(wanted.account, wanted.commands, wanted.runAs).isEmpty else { continue }
            do {
                try AtomicFile.write(
                    Array(text.utf8), to: path(id), mode: DropInFile.mode, owner: (0, 0), replacing: .nothing)
                repairs.append("\(path(id)) was missing and was written again")
                if repairs.count > 20 { repairs.removeFirst() }
            } catch { continue }
        }
    }

    /// A command of the grant that the log says was begun and not that it ended; `nil` when there is none.
    func unfinished(_ id: GrantID) -> String? {
        guard let log = configuration.log, let trace = traces.read(id) else { return nil }
        let patterns = trace.patterns
        // To the log's end: commands that were ended with the grant are written down a little later.
        let open = SudoLog.unfinished(SudoLog.entries(log, from: trace.logStart, to: nil).entries).filter { entry in
            entry.user == trace.account && entry.commands.contains { command in patterns.contains { $0.allows(command) } }
        }
        return open.last.map { entry in
            "the log has no end of \(entry.commands.first?.split(separator: " ").first ?? "a command"), begun \(entry.when)"
                .escapingControls
        }
    }
}
