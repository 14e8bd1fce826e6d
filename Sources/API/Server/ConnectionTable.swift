import Synchronization

/// All connections, so that there are never too many: strangers who only hold some open make room for those who ask.
final class ConnectionTable: Sendable {
    private struct Seat: Sendable {
        var isIdle = true
        /// Its place in the order of becoming idle.
        var turn: Int
        var close: @Sendable () -> Void
    }
    private struct State {
        var seats: [Int: Seat] = [:]
        var next = 0
    }
    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    var count: Int { state.withLock { $0.seats.count } }

    /// Takes a seat. Where there is none, the connection that has been idle the longest loses its own; with all at work, the
    /// new one is closed.
    func enter(close: @escaping @Sendable () -> Void) -> Int {
        let (id, evicted) = state.withLock { state -> (Int, (@Sendable () -> Void)?) in
            state.next += 1
            let id = state.next
            state.seats[id] = Seat(turn: id, close: close)
            guard state.seats.count > limit else { return (id, nil) }
            let idle = state.seats.filter { $0.value.isIdle && $0.key != id }
            let victim = idle.min { $0.value.turn < $1.value.turn }?.key ?? id
            return (id, state.seats.removeValue(forKey: victim)?.close)
        }
        evicted?()
        return id
    }

    func set(_ id: Int, isIdle: Bool) {
        state.withLock { state in
            state.next += 1
            let turn = state.next
            state.seats[id]?.isIdle = isIdle
            state.seats[id]?.turn = turn
        }
    }

    func leave(_ id: Int) { _ = state.withLock { $0.seats.removeValue(forKey: id) } }

    func closeAll() {
        let all = state.withLock { $0.seats.values.map(\.close) }
        for close in all { close() }
    }
}
