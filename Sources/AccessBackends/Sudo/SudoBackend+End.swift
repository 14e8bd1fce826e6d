public import CurfewDrivers
public import CurfewModel
import CurfewSystem
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
                    trace.removed = BootTime.now()
                    trace.logEnd = configuration.log.flatMap { LogMark($0) }
                    removedNow.insert(id)
                }
                // What fails here costs evidence only.
                try? traces.write(trace, isDurable: false)
                ended.append(trace)
            }
            if let claim { claims.append(claim) }
        }
        // Looked for after the removal: whoever comes later is refused by sudo. Blocks this backend's own queue for at most 5 s.
        let survivors = terminate(claims)
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
                "process \(found.running.process.pid), \((found.running.command ?? "sudo").prefix(60).description.escapingControls)"
            for id in found.grants {
                guard case .gone(let how)? = result[id] else { continue }
                if let other = found.others.first {
                    result[id] = .gone("\(how); \(process) goes on, since \(other) allows it too")
                } else {
                    result[id] = .alive("\(process) is running")
                }
            }
        }
        for id in result.keys {
            guard case .gone(let how)? = result[id] else { continue }
            let left = (traces.read(id)?.members ?? []).filter(\.isAlive)
            if let first = left.first {
                result[id] = .alive("process \(first.pid) that one of its commands started is running")
            } else if let unknown = unfinished(id) {
                result[id] = .gone("\(how); unknown whether all has ended: \(unknown)")
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
            var claim = Claim(there)
            claim?.members = Set(trace?.members ?? [])
            return (made, claim)
        }
        return (trace, trace.flatMap { Claim($0) })
    }

    /// Whether there was something; a file of another grant whose id begins alike is left alone.
    private func remove(_ id: GrantID, _ failures: inout [String]) -> Bool {
        if case .ours(let there) = DropInFile.read(path(id)), there.grant != id { return false }
        var status = stat()
        guard lstat(path(id), &status) == 0 else { return false }
        // By its name it is this grant's, though somebody may have changed what it says.
        do {
            try DropInFile.remove(path(id), isKnown: true)
            return true
        } catch {
            failures.append("\(path(id)) cannot be removed: \(error.message)")
            return false
        }
    }

    /// Ends what runs under these claims with everything below it; who is still there at the end.
    private func terminate(_ claims: [Claim]) -> Set<ProcessID> {
        var members: Set<ProcessID> = []
        func scan() -> Set<ProcessID> {
            let table = Processes.all()
            let roots = (try? running(under: claims, table))?.filter { $0.others.isEmpty }.map(\.running.process) ?? []
            members.formUnion(roots)
            members.formUnion(claims.flatMap(\.members))
            // Whose parent ended meanwhile is still a member.
            let pids = Set(members.filter { table[$0.pid]?.id == $0 }.map(\.pid))
            for pid in Processes.below(pids, in: table) {
                if let facts = table[pid], pid != getpid(), pid > 1 { members.insert(facts.id) }
            }
            return members
        }
        guard !scan().isEmpty else { return [] }
        return Processes.terminate(signals: [SIGTERM]) { scan() }
    }

    /// What runs under these claims, with the live grants beside them that allow it too.
    func running(under claims: [Claim], _ table: [Int32: ProcessFacts] = Processes.all()) throws -> [(
        running: RunningCommand, grants: [GrantID], others: [GrantID]
    )] {
        let commands = RunningCommand.all(of: Set(claims.map(\.user)), in: table)
        guard !commands.isEmpty else { return [] }
        let boot = BootTime.now().boot
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
