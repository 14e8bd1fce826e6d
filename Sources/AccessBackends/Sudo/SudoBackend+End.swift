public import CurfewDrivers
public import CurfewModel
import Glibc

extension SudoBackend {
    /// Removes the drop-ins and ends the commands that were run under them, unless another live grant of the same account
    /// allows the same: then nobody can tell whose it is, and it goes on until that one ends. ``probe(_:)`` says so.
    /// - Throws: ``DriverError`` naming what could not be removed or ended; everything else is.
    public func end(_ ids: [GrantID]) async throws {
        var failures: [String] = []
        var claims: [Claim] = []
        var ended: [Trace] = []
        var removedNow: Set<GrantID> = []
        for id in Set(ids).sorted() {
            if givings[id] != nil { overtaken.insert(id) }
            let (trace, claim) = known(of: id)
            let isRemoved = remove(id, &failures)
            if var trace {
                // Where it was removed before, that moment stays.
                if isRemoved || trace.removed == nil {
                    trace.removed = .now()
                    trace.logEnd = configuration.log.flatMap { LogMark($0) }
                    removedNow.insert(id)
                }
                // What fails here costs evidence only.
                try? traces.write(trace, isDurable: false)
                ended.append(trace)
            }
            if let claim { claims.append(claim) }
        }
        Files.sync(folder: configuration.folder)
        // Looked for after the removal: whoever comes later is refused by sudo.
        let survivors = await Cutter.end(try running(under: claims).filter { $0.others.isEmpty }.map(\.running.mark))
        failures += survivors.map { "process \($0.pid) does not end" }
        for var trace in ended {
            // Whoever came in just before the removal may have been written down just after it.
            let end = configuration.log.flatMap { LogMark($0) }
            guard end != trace.logEnd, let kept = traces.read(trace.grant), kept.removed == trace.removed,
                removedNow.contains(trace.grant)
            else { continue }
            trace.logEnd = end
            try? traces.write(trace, isDurable: false)
        }
        forget()
        guard failures.isEmpty else {
            throw failure(
                "end", Set(ids).sorted().prefix(3).map(\.description).joined(separator: ", "), failures.joined(separator: "; "))
        }
    }

    /// Gone = no drop-in that still holds, and nothing that was run under it runs.
    public func probe(_ ids: [GrantID]) async throws -> [GrantID: AccessProbe] {
        let moment = now()
        var result: [GrantID: AccessProbe] = [:]
        var claims: [Claim] = []
        for id in Set(ids) {
            switch DropInFile.read(path(id)) {
            case .ours(let there) where there.grant != id: result[id] = .gone("its drop-in is not there")
            case .ours(let there) where there.end > moment:
                result[id] = .alive("\(path(id)) lets \(there.account) in until \(there.end.text)")
                continue
            case .ours(let there): result[id] = .gone("its drop-in ended by itself at \(there.end.text)")
            case .missing: result[id] = .gone("its drop-in is not there")
            case .other(let reason):
                result[id] = .alive("\(path(id)) is there: \(reason)")
                continue
            }
            if let claim = known(of: id).claim { claims.append(claim) }
        }
        for found in try running(under: claims) {
            let process =
                "process \(found.running.mark.pid), \((found.running.command ?? "sudo").prefix(60).description.escapingControls)"
            for id in found.grants {
                guard case .gone(let how)? = result[id] else { continue }
                if let other = found.others.first {
                    result[id] = .gone("\(how); \(process) goes on, since \(other) allows it too")
                } else {
                    result[id] = .alive("\(process) is running")
                }
            }
        }
        return result
    }

    /// What the drop-in tells of a grant, else the trace; of a grant whose drop-in has no trace one is made.
    func known(of id: GrantID) -> (trace: Trace?, claim: Claim?) {
        let trace = traces.read(id)
        if case .ours(let there) = DropInFile.read(path(id)), there.grant == id {
            var made = trace ?? Trace(there)
            (made.placed, made.removed) = (there.placed, nil)
            return (made, Claim(there))
        }
        return (trace, trace.flatMap { Claim($0) })
    }

    /// Whether there was something; a file of another grant whose id begins alike is left alone.
    private func remove(_ id: GrantID, _ failures: inout [String]) -> Bool {
        if case .ours(let there) = DropInFile.read(path(id)), there.grant != id { return false }
        if unlink(path(id)) == 0 { return true }
        if errno != ENOENT { failures.append("\(path(id)) cannot be removed: \(Files.reason())") }
        return false
    }

    /// What runs under these claims, with the live grants beside them that allow it too.
    private func running(under claims: [Claim]) throws -> [(running: RunningCommand, grants: [GrantID], others: [GrantID])] {
        let commands = RunningCommand.all(of: Set(claims.map(\.user)), in: ProcessTable.all())
        guard !commands.isEmpty else { return [] }
        let boot = BootMoment.now().boot
        let grants = Set(claims.map(\.grant))
        let live = try liveDropIns(at: now()).filter { !grants.contains($0.grant) }.compactMap { Claim($0) }
        return commands.compactMap { command in
            let covering = claims.filter { $0.covers(command, boot: boot) }.map(\.grant)
            guard !covering.isEmpty else { return nil }
            return (command, covering, live.filter { $0.covers(command, boot: boot) }.map(\.grant))
        }
    }

    /// Old traces, at most once an hour.
    private func forget() {
        let moment = now()
        if let last = lastForgotten, moment - last < .seconds(3600), last <= moment { return }
        lastForgotten = moment
        traces.forget(at: moment)
    }
}
