import Synchronization

/// Wakes those who follow events. It carries no events: each stream reads them from the journal at its own pace, so that a
/// slow client costs a seat and no memory.
public final class EventFeed: Sendable {
    /// Most streams at once.
    public static let mostStreams = 256

    struct Seat: Sendable {
        var continuation: AsyncStream<Void>.Continuation
        /// Called when it has been writing for too long.
        var hangUp: @Sendable () -> Void
        var writingSince: ContinuousClock.Instant?
    }
    private struct State {
        var seats: [Int: Seat] = [:]
        var next = 0
    }
    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: most streams at once.
    public init(limit: Int = EventFeed.mostStreams) { self.limit = limit }

    /// Something was appended to the journal. Never waits.
    public func ring() {
        let all = state.withLock { $0.seats.values.map(\.continuation) }
        for continuation in all { continuation.yield() }
    }

    /// How many follow just now.
    var count: Int { state.withLock { $0.seats.count } }

    /// Takes a seat; `nil` when all are taken. Rings that come while nobody waits are kept as one.
    func take(hangUp: @escaping @Sendable () -> Void) -> (id: Int, rings: AsyncStream<Void>)? {
        let (rings, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return state.withLock { state in
            guard state.seats.count < limit else { return nil }
            state.next += 1
            state.seats[state.next] = Seat(continuation: continuation, hangUp: hangUp)
            return (state.next, rings)
        }
    }

    func leave(_ id: Int) {
        let seat = state.withLock { $0.seats.removeValue(forKey: id) }
        seat?.continuation.finish()
    }

    /// Remembers that a write begins, or has ended (`nil`).
    func writing(_ id: Int, since moment: ContinuousClock.Instant?) {
        state.withLock { $0.seats[id]?.writingSince = moment }
    }

    /// Hangs up on those whose write has not ended for `limit`, and wakes the others for their heartbeat.
    func beat(longestWrite limit: Duration) {
        let now = ContinuousClock.now
        let stuck = state.withLock { state in
            state.seats.values.filter { seat in seat.writingSince.map { now - $0 > limit } ?? false }
        }
        for seat in stuck {
            seat.hangUp()
            seat.continuation.finish()
        }
        ring()
    }

    /// Ends all streams.
    func close() {
        let all = state.withLock { $0.seats.values.map(\.continuation) }
        for continuation in all { continuation.finish() }
    }
}
