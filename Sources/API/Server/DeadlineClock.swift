import Synchronization

/// Looks ten times a second at what has to end, while there is something: a timer for each request costs two wakes of an event
/// loop, and most requests are over long before.
final class DeadlineClock: Sendable {
    static let shared = DeadlineClock()

    private struct State {
        var last: UInt64 = 0
        var open: [UInt64: (end: ContinuousClock.Instant, expire: @Sendable () -> Void)] = [:]
        var isTicking = false
    }
    private let state = Mutex(State())

    /// Calls `expire` once `limit` has passed, at most a tenth of a second later, unless it is removed before.
    func add(_ limit: Duration, _ expire: @escaping @Sendable () -> Void) -> UInt64 {
        let end = ContinuousClock.now + limit
        let (id, begins) = state.withLock { state in
            state.last += 1
            state.open[state.last] = (end, expire)
            defer { state.isTicking = true }
            return (state.last, !state.isTicking)
        }
        if begins { Task.detached { await self.tick() } }
        return id
    }

    func remove(_ id: UInt64) { state.withLock { _ = $0.open.removeValue(forKey: id) } }

    private func tick() async {
        while true {
            try? await Task.sleep(for: .milliseconds(100))
            let now = ContinuousClock.now
            let (due, isOver) = state.withLock { state in
                let due = state.open.filter { $0.value.end <= now }
                for id in due.keys { state.open[id] = nil }
                if state.open.isEmpty { state.isTicking = false }
                return (due.values.map(\.expire), state.open.isEmpty)
            }
            for expire in due { expire() }
            if isOver { return }
        }
    }
}
