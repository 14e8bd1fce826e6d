import CurfewDrivers
import CurfewModel

/// Ends what is to be ended. Nothing in here waits for a backend, the remote or the journal: neither a call that hangs nor a
/// long walk through history delays the end of any other access, on the same backend or another.
extension AccessKeeper {
    /// Ends of one backend that come this close together share a call.
    private static let gathering = Span.milliseconds(200)

    /// Works until the task is cancelled.
    func watchEnds() async {
        while !Task.isCancelled {
            turnEnds()
            await ends.wait(atMost: untilNextEnd(now: parts.clock.now))
        }
        calls.cancelAll()
    }

    /// One round: all that is due is begun.
    func turnEnds() {
        let now = parts.clock.now
        expire(now: now)
        openBackends(now: now)
        startEnds(now: now)
        abandonOverdue(now: now)
        finishWhatIsGone(now: now)
        watchOverdue(now: now)
    }

    /// The time of these is over, whatever history or anybody else says.
    private func expire(now: Instant) {
        for (id, record) in store.records where record.end.map({ $0 <= now }) ?? false {
            // What could only be given in part ends as well.
            guard record.phase == .given || (record.phase == .seen && !record.backends.isEmpty) else { continue }
            var record = record
            (record.phase, record.reasons, record.due) = (.ending, ["its time is over"], record.end)
            store[id] = record
        }
    }

    private func startEnds(now: Instant) {
        var wanted: [Name: [GrantID]] = [:]
        for record in store.records.values where record.phase == .ending {
            for backend in record.backends where !record.gone.contains(backend) {
                wanted[backend, default: []].append(record.id)
            }
        }
        for (backend, ids) in strays { wanted[backend, default: []] += ids }
        for (name, ids) in wanted {
            guard let backend = parts.backends[name] else {
                forgetBackend(name, ids)
                continue
            }
            // One that is being made ready for the first time is waited for a moment.
            guard mayEnd(on: name) else {
                gatherAt[name] = .now + Self.gathering.duration
                continue
            }
            let due = ids.filter { ending[name]?[$0] == nil && isDue("end/\(name)/\($0)", now: now) }
            guard !due.isEmpty else { continue }
            if let last = lastEnd[name], ContinuousClock.now - last < Self.gathering.duration, ending[name]?.isEmpty == false {
                gatherAt[name] = last + Self.gathering.duration
                continue
            }
            gatherAt[name] = nil
            lastEnd[name] = .now
            start(due, on: backend)
        }
    }

    /// What cannot be made ready, or takes long to, is asked to end access all the same.
    private func mayEnd(on name: Name) -> Bool {
        opened.contains(name) || unopened.contains(name) || parts.opens[name] == nil || calls.age(of: .open(name)) >= 2
    }

    /// One call for all of them, since they share files.
    private func start(_ ids: [GrantID], on backend: any AccessBackend, alone: Bool = false) {
        endCount += 1
        let (number, name) = (endCount, backend.name)
        for id in ids { ending[name, default: [:]][id, default: []].insert(number) }
        let limit: Span = ids.count == 1 ? .seconds(20) : .milliseconds(5000 + 10 * Int64(ids.count))
        begin(.end(name, number), within: limit, priority: .high) {
            var problem: String?
            do { try await backend.end(ids) } catch { problem = "\(error)" }
            var probes: [GrantID: AccessProbe] = [:]
            do { probes = try await backend.probe(ids) } catch { problem = problem ?? "\(error)" }
            await self.ended(number, on: name, probes, problem)
        }
    }

    /// It came back, be it late.
    private func ended(_ number: Int, on name: Name, _ probes: [GrantID: AccessProbe], _ problem: String?) {
        let now = parts.clock.now
        for id in ids(of: number, on: name) {
            ending[name]?[id]?.remove(number)
            if ending[name]?[id]?.isEmpty ?? false { ending[name]?[id] = nil }
            switch probes[id] {
            case .gone(let how)?: note(id, goneFrom: name, how)
            case .alive(let how)?: fail(id, on: name, problem ?? "access is still there: \(how)", now: now)
            case nil: fail(id, on: name, problem ?? "nothing was said about it", now: now)
            }
        }
        showFailures(of: name)
        finishWhatIsGone(now: now)
    }

    /// It has not come back in time. Of those that were begun together each is tried alone, once: whatever hangs, hangs for
    /// itself. What is out is not tried again before it has come back.
    func overran(_ number: Int, on name: Name, _ silence: String, now: Instant) {
        let late = ids(of: number, on: name)
        for id in late { endFailures[name, default: [:]][id] = silence }
        showFailures(of: name)
        guard late.count > 1, let backend = parts.backends[name] else { return }
        for id in late { start([id], on: backend) }
    }

    private func ids(of number: Int, on name: Name) -> [GrantID] {
        (ending[name] ?? [:]).filter { $0.value.contains(number) }.map(\.key).sorted()
    }

    private func fail(_ id: GrantID, on name: Name, _ why: String, now: Instant) {
        // Another call for it may have succeeded meanwhile.
        guard isWanted(id, on: name) else { return }
        endFailures[name, default: [:]][id] = why
        retry("end/\(name)/\(id)", now: now)
    }

    private func isWanted(_ id: GrantID, on name: Name) -> Bool {
        if strays[name]?.contains(id) ?? false { return true }
        guard let record = store[id] else { return false }
        return record.phase == .ending && !record.gone.contains(name)
    }

    private func showFailures(of name: Name) {
        let failures = (endFailures[name] ?? [:]).filter { isWanted($0.key, on: name) }
        endFailures[name] = failures.isEmpty ? nil : failures
        let texts = failures.sorted { $0.key < $1.key }.prefix(5).map { "\($0.key.name): \($0.value)" }
        problems["end/\(name)"] =
            failures.isEmpty ? nil : "access on \(name) cannot be ended: \(texts.joined(separator: "; "))"
        alarm.ring()
    }

    /// The backend is not configured any more: only the target's own end is left.
    private func forgetBackend(_ name: Name, _ ids: [GrantID]) {
        problems["end/\(name)"] = "\(name) is not configured any more; access on it ends by the target alone"
        strays[name] = nil
        for id in ids { note(id, goneFrom: name, nil) }
    }

    private func note(_ id: GrantID, goneFrom name: Name, _ how: String?) {
        retries["end/\(name)/\(id)"] = nil
        endFailures[name]?[id] = nil
        if strays[name]?.remove(id) != nil, let how {
            events.append(event("grant.stray", about: store[id], "\(id) was alive on \(name) with no live grant; it is \(how)"))
        }
        guard var record = store[id], record.phase == .ending, !record.gone.contains(name) else { return }
        record.gone.append(name)
        record.evidence.append("\(name): \(how.map { "gone: \($0)" } ?? "not configured any more; not looked at")")
        store[id] = record
    }

    private func untilNextEnd(now: Instant) -> Span {
        var next = Span.seconds(10)
        func consider(_ moment: Instant) { next = min(next, max(.milliseconds(1), moment - now)) }
        for record in store.records.values {
            switch record.phase {
            case .given: if let end = record.end { consider(end) }
            case .seen: if let end = record.end, !record.backends.isEmpty { consider(end) }
            case .ending: if overdue[record.id] == nil, let due = record.due { consider(due + Self.grace) }
            case .ended, .closed: break
            }
        }
        for (key, retry) in retries where key.hasPrefix("end/") || key.hasPrefix("open/") || key.hasPrefix("taint/") {
            // One that is out comes back by itself.
            if retry.at > now { consider(retry.at) }
        }
        if let gather = gatherAt.values.min() {
            let left = (gather - ContinuousClock.now).components
            next = min(
                next, max(.milliseconds(1), .milliseconds(left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000)))
        }
        if let deadline = calls.untilDeadline { next = min(next, deadline) }
        return next
    }
}
