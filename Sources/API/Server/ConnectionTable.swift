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
        /// Seats in the order in which they became idle; those that are not any more are skipped when they come up.
        var queue: [(id: Int, turn: Int)] = []
        var front = 0

        mutating func enqueue(_ id: Int) {
            if queue.count > 4096 + 4 * seats.count {
                queue = queue[front...].filter { seats[$0.id]?.turn == $0.turn }
                front = 0
            }
            if let turn = seats[id]?.turn { queue.append((id, turn)) }
        }

        /// The one that has been idle the longest, but never `newest`.
        mutating func longestIdle(butNot newest: Int) -> Int? {
            while front < queue.count {
                let (id, turn) = queue[front]
                if id == newest { return nil }
                front += 1
                if let seat = seats[id], seat.isIdle, seat.turn == turn { return id }
            }
            return nil
        }
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
            state.enqueue(id)
            guard state.seats.count > limit else { return (id, nil) }
            let victim = state.longestIdle(butNot: id) ?? id
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
            if isIdle { state.enqueue(id) }
        }
    }

    func leave(_ id: Int) { _ = state.withLock { $0.seats.removeValue(forKey: id) } }

    func closeAll() {
        let all = state.withLock { $0.seats.values.map(\.close) }
        for close in all { close() }
    }
}
