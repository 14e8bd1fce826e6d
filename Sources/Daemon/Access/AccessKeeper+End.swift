import CurfewDrivers
import CurfewJournal
import CurfewModel

extension AccessKeeper {
    /// Ends what is to be ended, each backend for itself and beside everything else that the keeper does: neither a slow
    /// backend nor a long look at history delays the end of any other access. Works until the task is cancelled.
    func watchEnds() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = parts.clock.now
                expire(now: now)
                for (backend, ids) in dueEnds(now: now) {
                    busy.insert(backend)
                    group.addTask { await self.end(ids, on: backend) }
                }
                await finishWhatIsGone()
                await ends.wait(atMost: untilNextEnd(now: parts.clock.now))
            }
        }
    }

    /// The time of these is over, whatever history or anybody else says.
    private func expire(now: Instant) {
        for (id, record) in store.records where record.phase == .given && record.end.map({ $0 <= now }) ?? false {
            var record = record
            (record.phase, record.reasons) = (.ending, ["its time is over"])
            store[id] = record
        }
    }

    private func dueEnds(now: Instant) -> [Name: [GrantID]] {
        var due: [Name: [GrantID]] = [:]
        for record in store.records.values where record.phase == .ending {
            for backend in record.backends where !record.gone.contains(backend) && !busy.contains(backend) {
                if isDue("end/\(backend)", now: now) { due[backend, default: []].append(record.id) }
            }
        }
        return due
    }

    private func untilNextEnd(now: Instant) -> Span {
        var next = Span.seconds(10)
        func consider(_ moment: Instant) { next = min(next, max(.milliseconds(1), moment - now)) }
        for record in store.records.values {
            if record.phase == .given, let end = record.end { consider(end) }
        }
        // One that is at work tells by itself when it is done.
        let waiting = Set(parts.backends.keys).subtracting(busy).map { "end/\($0)" } + ["taint"]
        for key in waiting { if let retry = retries[key] { consider(retry.at) } }
        return next
    }

    /// Ends these on one backend and proves that they are gone.
    private func end(_ ids: [GrantID], on name: Name) async {
        var probes: [GrantID: AccessProbe] = [:]
        var problem: String?
        if let backend = parts.backends[name] {
            do {
                try await backend.end(ids)
                probes = try await backend.probe(ids)
            } catch { problem = "\(error)" }
        }
        busy.remove(name)
        let now = parts.clock.now
        if let problem {
            problems["end/\(name)"] = "access on \(name) cannot be ended: \(problem)"
            retry("end/\(name)", now: now)
        } else if parts.backends[name] == nil {
            // The backend is not configured any more: only the target's own end is left.
            problems["end/\(name)"] = "\(name) is not configured any more; access on it ends by the target alone"
            retries["end/\(name)"] = nil
            for id in ids { note(id, goneFrom: name, nil) }
        } else {
            take(probes, of: ids, from: name, now: now)
        }
        await finishWhatIsGone()
        alarm.ring()
        ends.ring()
    }

    private func take(_ probes: [GrantID: AccessProbe], of ids: [GrantID], from name: Name, now: Instant) {
        var alive: [String] = []
        for id in ids {
            switch probes[id] {
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

    /// Finishes each that is gone from everywhere.
    private func finishWhatIsGone() async {
        let gone = store.records.values.filter { record in
            record.phase == .ending && !finishing.contains(record.id) && Set(record.gone).isSuperset(of: record.backends)
        }
        guard !gone.isEmpty, isDue("taint", now: parts.clock.now) else { return await save() }
        finishing.formUnion(gone.map(\.id))
        for record in gone { await finish(record, now: parts.clock.now) }
        finishing.subtract(gone.map(\.id))
        await save()
        await writeEvents()
        alarm.ring()
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
        if record.wasEntered ?? false { used = true }
        // Nobody who can tell: taken as used.
        if record.replace == .always || (record.replace == .used && used != false), !record.touches.isEmpty {
            do {
                try await parts.taints.add(record.touches, at: now, because: "touched under grant \(record.id.name)")
            } catch {
                problems["taint"] = "what \(record.id.name) touched cannot be marked: \(error)"
                return retry("taint", now: now)
            }
            succeeded("taint")
            record.evidence.append("replaced: \(record.touches.map(\.rawValue).joined(separator: ", "))")
        }
        // An end by hand has no moment that it was due at.
        if let end = record.end, end <= now, !record.backends.isEmpty { parts.telemetry.revoked(after: now - end) }
        record.phase = .ended
        store[record.id] = record
        await self.record(
            "grant.ended", about: record, "\(record.id.name) has ended: \(record.reasons.joined(separator: "; "))",
            ["evidence": record.evidence.joined(separator: "\n"), "used": used.map { "\($0)" } ?? "unknown"])
        // Taken off with the next push; they are worth nothing any more.
        if record.hasCredentials { outbox.updateValue(nil, forKey: "credentials/\(record.id.name)") }
    }
}
