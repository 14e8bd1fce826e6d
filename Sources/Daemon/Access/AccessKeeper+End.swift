import CurfewDrivers
import CurfewJournal
import CurfewModel

extension AccessKeeper {
    /// Ends what is to be ended, on all backends side by side, and proves that it is gone. Each backend that does not
    /// answer is tried again for itself and blocks no other.
    func end(now: Instant) async {
        let ending = store.records.values.filter { $0.phase == .ending }
        guard !ending.isEmpty else { return }
        var byBackend: [Name: [GrantID]] = [:]
        for record in ending {
            for backend in record.backends where !record.gone.contains(backend) {
                byBackend[backend, default: []].append(record.id)
            }
        }
        let due = byBackend.filter { isDue("end/\($0.key)", now: now) }
        for (name, ids) in due where parts.backends[name] == nil {
            // The backend is not configured any more: only the target's own end is left.
            problems["end/\(name)"] = "\(name) is not configured any more; access on it ends by the target alone"
            for id in ids { note(id, goneFrom: name, nil) }
        }
        for outcome in await Self.end(due, on: parts.backends) {
            if let problem = outcome.problem {
                problems["end/\(outcome.backend)"] = "access on \(outcome.backend) cannot be ended: \(problem)"
                retry("end/\(outcome.backend)", now: now)
            } else {
                take(outcome, now: now)
            }
        }
        for record in store.records.values where record.phase == .ending && Set(record.gone).isSuperset(of: record.backends) {
            await finish(record, now: now)
        }
        await save()
    }

    /// What became of the ends on one backend.
    private struct Outcome: Sendable {
        var backend: Name
        var ids: [GrantID]
        var probes: [GrantID: AccessProbe] = [:]
        /// Why they could not be ended, or not be looked at.
        var problem: String?
    }

    /// Ends and probes on all backends side by side.
    private static func end(_ due: [Name: [GrantID]], on backends: [Name: any AccessBackend]) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            for (name, ids) in due {
                guard let backend = backends[name] else { continue }
                group.addTask {
                    var outcome = Outcome(backend: name, ids: ids)
                    do {
                        try await backend.end(ids)
                        outcome.probes = try await backend.probe(ids)
                    } catch { outcome.problem = "\(error)" }
                    return outcome
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func take(_ outcome: Outcome, now: Instant) {
        let name = outcome.backend
        var alive: [String] = []
        for id in outcome.ids {
            switch outcome.probes[id] {
            case .gone(let how)?: note(id, goneFrom: name, how)
            case .alive(let how)?: alive.append("\(id.name): \(how)")
            case nil: alive.append("\(id.name): nothing was said about it")
            }
        }
        if alive.isEmpty {
            succeeded("end/\(name)")
        } else {
            problems["end/\(name)"] = "access is still there on \(name): \(alive.prefix(5).joined(separator: "; "))"
            retry("end/\(name)", now: now)
        }
    }

    private func note(_ id: GrantID, goneFrom name: Name, _ how: String?) {
        guard var record = store[id] else { return }
        record.gone.append(name)
        record.evidence.append("\(name): \(how.map { "gone: \($0)" } ?? "not configured any more; not looked at")")
        store[id] = record
    }

    /// It is gone everywhere: evidence is collected and what was touched is tainted, before the phase is written.
    private func finish(_ record: GrantRecord, now: Instant) async {
        var record = record
        var used: Bool? = record.backends.isEmpty ? false : nil
        for name in record.backends {
            guard let evidence = try? await parts.backends[name]?.evidence(record.id) else { continue }
            if evidence.used == true { used = true } else if used == nil, record.backends.count == 1 { used = evidence.used }
            record.evidence += evidence.lines.prefix(20).map { "\(name): \($0.escapingControls)" }
        }
        // Nobody who can tell: taken as used.
        if record.replace == .always || (record.replace == .used && used != false), !record.touches.isEmpty {
            do {
                try await parts.taints.add(record.touches, at: now, because: "touched under grant \(record.id.name)")
            } catch {
                problems["taint"] = "what \(record.id.name) touched cannot be marked: \(error)"
                return retry("taint", now: now)
            }
            problems["taint"] = nil
            record.evidence.append("replaced: \(record.touches.map(\.rawValue).joined(separator: ", "))")
        }
        record.phase = .ended
        store[record.id] = record
        await self.record(
            "grant.ended", about: record, "\(record.id.name) has ended: \(record.reasons.joined(separator: "; "))",
            ["evidence": record.evidence.joined(separator: "\n"), "used": used.map { "\($0)" } ?? "unknown"])
        // Taken off with the next push; they are worth nothing any more.
        if record.hasCredentials { outbox.updateValue(nil, forKey: "credentials/\(record.id.name)") }
    }

    /// Compares what the targets show with what should be there, now and then: what nobody knows of is ended or told.
    func look(now: Instant) async {
        if let last = lastObservation, now - last < .seconds(10), !anythingIsDue { return }
        lastObservation = now
        for (name, backend) in parts.backends.sorted(by: { $0.key < $1.key }) {
            do {
                let seen = try await backend.observe()
                let live = seen.filter { !$0.isRevoked && ($0.end.map { $0 > now } ?? true) }
                let stray = live.compactMap(\.grant).filter { id in
                    guard let record = store[id] else { return true }
                    return record.phase == .ended || record.phase == .closed
                }
                if !stray.isEmpty {
                    try await backend.end(stray)
                    for id in stray {
                        await record("grant.stray", "\(id) was still alive on \(name) with no live grant; ended")
                    }
                }
                let foreign = seen.filter { $0.grant == nil }
                for access in foreign where parts.removesForeign.contains(name) {
                    try await backend.removeForeign(access)
                    await record("access.removed", "\(name): removed \(access.subject.escapingControls), which no grant gives")
                }
                let told = foreign.map { "\($0.subject.escapingControls) (\($0.detail.escapingControls))" }.prefix(5)
                problems["foreign/\(name)"] =
                    foreign.isEmpty || parts.removesForeign.contains(name)
                    ? nil : "\(name) has access that no grant gives: \(told.joined(separator: ", "))"
                problems["observe/\(name)"] = nil
            } catch { problems["observe/\(name)"] = "\(name) does not answer: \(error)" }
        }
    }
}
