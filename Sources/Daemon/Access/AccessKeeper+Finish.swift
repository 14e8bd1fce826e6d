import CurfewDrivers
import CurfewJournal
import CurfewModel

extension AccessKeeper {
    /// Finishes each that is gone from everywhere, for itself.
    func finishWhatIsGone(now: Instant) {
        for record in store.records.values where record.phase == .ending && !calls.isOut(.finish(record.id)) {
            guard Set(record.gone).isSuperset(of: record.backends), isDue("taint/\(record.id)", now: now) else { continue }
            let id = record.id
            begin(.finish(id), within: .seconds(60)) { await self.finish(id) }
        }
    }

    /// It is gone everywhere: evidence is collected and what was touched is tainted, before the phase is written.
    private func finish(_ id: GrantID) async {
        guard let known = store[id] else { return }
        let found = await evidence(of: known)
        guard var record = store[id], record.phase == .ending else { return }
        var used: Bool? = record.backends.isEmpty ? false : nil
        for (name, evidence) in found {
            if evidence.used == true { used = true } else if used == nil, record.backends.count == 1 { used = evidence.used }
            record.evidence += evidence.lines.prefix(20).map { "\(name): \($0.escapingControls)" }
        }
        if record.wasEntered ?? false { used = true }
        // Nobody who can tell: taken as used.
        if record.replace == .always || (record.replace == .used && used != false), !record.touches.isEmpty {
            let (taints, moment, touches) = (parts.taints, parts.clock.now, record.touches)
            let problem: String?? = await bounded(.seconds(10)) { () -> String? in
                do {
                    try await taints.add(touches, at: moment, because: "touched under grant \(id.name)")
                    return nil
                } catch { return "\(error)" }
            }
            if let problem = problem ?? "no answer within 10 s" {
                problems["taint/\(id)"] = "what \(id.name) touched cannot be marked: \(problem)"
                return retry("taint/\(id)", now: parts.clock.now)
            }
            record.evidence.append("replaced: \(touches.map(\.rawValue).joined(separator: ", "))")
        }
        succeeded("taint/\(id)")
        problems["finish/\(id)"] = nil
        // An end by hand is measured from the moment at which it was asked for.
        let now = parts.clock.now
        if let due = record.due ?? record.end, due <= now, !record.backends.isEmpty {
            parts.telemetry.revoked(after: now - due)
        }
        record.phase = .ended
        store[id] = record
        events.append(
            event(
                "grant.ended", about: record, "\(record.id.name) has ended: \(record.reasons.joined(separator: "; "))",
                ["evidence": record.evidence.joined(separator: "\n"), "used": used.map { "\($0)" } ?? "unknown"]))
        // Taken off with the next push; they are worth nothing any more.
        if record.hasCredentials { outbox.updateValue(nil, forKey: "credentials/\(record.id.name)") }
        startFlush()
        alarm.ring()
    }

    /// What each backend knows of its use; a backend that does not answer soon knows nothing.
    private func evidence(of record: GrantRecord) async -> [(Name, AccessEvidence)] {
        let id = record.id
        var pending: [(Name, Task<AccessEvidence?, Never>)] = []
        for name in record.backends {
            guard let backend = parts.backends[name] else { continue }
            pending.append(
                (
                    name,
                    Task { await bounded(.seconds(5)) { try? await backend.evidence(id) } ?? nil }
                ))
        }
        var found: [(Name, AccessEvidence)] = []
        for (name, task) in pending { if let evidence = await task.value { found.append((name, evidence)) } }
        return found
    }

    /// Writes what has changed and what has happened, beside everything else.
    func startFlush() {
        if calls.isOut(.flush) { wantsFlush = true }
        begin(.flush, within: .seconds(10)) { await self.flush() }
    }

    private func flush() async {
        repeat {
            wantsFlush = false
            await save()
            await writeEvents()
        } while wantsFlush
    }
}
