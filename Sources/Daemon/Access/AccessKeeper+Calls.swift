import CurfewDrivers
import CurfewModel

extension AccessKeeper {
    /// Begins a call that may never come back, unless the one before it is still out.
    func begin(
        _ name: OutstandingCalls.Name, within limit: Span, priority: TaskPriority? = nil,
        _ body: @escaping @Sendable () async -> Void
    ) {
        guard !calls.isOut(name) else { return }
        calls.began(name, within: limit)
        let task = Task(priority: priority) {
            await body()
            self.cameBack(name)
        }
        calls.runs(name, as: task)
        // Whoever watches the deadlines knows of this one.
        ends.ring()
    }

    private func cameBack(_ name: OutstandingCalls.Name) {
        calls.cameBack(name)
        ends.ring()
        switch name {
        case .give, .observe, .flush, .show, .clock: break
        case .hosts:
            problems["hosts"] = nil
            if !outbox.isEmpty, !calls.isOut(.publish), retries["publish"] == nil { alarm.ring() }
        case .open, .end, .finish, .revert, .publish: alarm.ring()
        }
    }

    /// Reports what is over its deadline, and goes on without it.
    func abandonOverdue(now: Instant) {
        for name in calls.takeOverdue() {
            let silence = "no answer within \(max(1, calls.age(of: name))) s"
            switch name {
            case .open(let backend): failed(toOpen: backend, silence, now: now)
            case .observe(let backend): problems["observe/\(backend)"] = "\(backend) does not answer: \(silence)"
            case .give(let backend, let id): gave(nil, to: id, on: backend, problem: "\(backend): \(silence)")
            case .end(let backend, let number): overran(number, on: backend, silence, now: now)
            case .finish(let id): problems["finish/\(id)"] = "the end of \(id.name) cannot be written down: \(silence)"
            case .revert: problems["revert"] = "ended grants cannot be taken off the branch yet: \(silence)"
            case .publish: problems["publish"] = "credentials cannot be put on the remote: \(silence)"
            case .hosts: problems["hosts"] = "what other hosts need to know is not known: \(silence)"
            case .flush: problems["records"] = "what is known of grants cannot be written: \(silence)"
            case .show, .clock: break
            }
            alarm.ring()
        }
    }

    // MARK: Opening

    /// Makes ready what is not; what fails is tried again in the background and holds up nothing else.
    func openBackends(now: Instant) {
        for (name, open) in parts.opens where !opened.contains(name) && isDue("open/\(name)", now: now) {
            begin(.open(name), within: .seconds(15), priority: .high) {
                do {
                    try await open()
                    await self.isOpen(name)
                } catch { await self.failed(toOpen: name, "\(error)", now: self.parts.clock.now) }
            }
        }
    }

    private func isOpen(_ name: Name) {
        opened.insert(name)
        unopened.remove(name)
        succeeded("open/\(name)")
    }

    private func failed(toOpen name: Name, _ why: String, now: Instant) {
        unopened.insert(name)
        problems["open/\(name)"] = "\(name) cannot be used yet: \(why)"
        retry("open/\(name)", now: now)
    }

    /// Whether each backend could be opened, or has failed to once.
    var isReady: Bool { parts.opens.keys.allSatisfy { opened.contains($0) || unopened.contains($0) } }

    /// Whether nothing is under way, and nothing is to be ended.
    var isIdle: Bool {
        !calls.areExpected && hasTicked && giving.isEmpty && (outbox.isEmpty || retries["publish"] != nil)
            && !store.records.values.contains { $0.phase == .ending && !hasFailed($0) || $0.phase == .ended && retries.isEmpty }
    }

    func hasFailed(_ record: GrantRecord) -> Bool {
        record.backends.contains { retries["end/\($0)/\(record.id)"] != nil }
    }
}
