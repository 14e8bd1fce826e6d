import Logging
import NIOCore
import Synchronization

/// All connections, so that there are never too many. Whoever has not shown who they are makes room first: the oldest
/// connection of the address that has the most of them. Then those that have been idle the longest.
final class ConnectionTable: Sendable {
    private struct Seat: Sendable {
        var peer: String
        /// Grows with each connection, and with each time that one becomes idle.
        var turn: Int
        /// Whether the last request was somebody's who is known.
        var isKnown = false
        var isIdle = true
        var close: @Sendable () -> Void
    }
    private struct State {
        var seats: [ObjectIdentifier: Seat] = [:]
        var turn = 0
        /// Connections of strangers, by address.
        var strangers: [String: Int] = [:]

        mutating func remove(_ id: ObjectIdentifier) -> Seat? {
            guard let seat = seats.removeValue(forKey: id) else { return nil }
            if !seat.isKnown { count(seat.peer, -1) }
            return seat
        }

        mutating func count(_ peer: String, _ change: Int) {
            let now = (strangers[peer] ?? 0) + change
            strangers[peer] = now > 0 ? now : nil
        }

        mutating func set(_ id: ObjectIdentifier, isKnown: Bool) {
            guard let seat = seats[id], seat.isKnown != isKnown else { return }
            seats[id]?.isKnown = isKnown
            count(seat.peer, isKnown ? -1 : 1)
        }

        func oldest(_ newest: ObjectIdentifier, where matches: (Seat) -> Bool) -> ObjectIdentifier? {
            seats.filter { $0.key != newest && matches($0.value) }.min { $0.value.turn < $1.value.turn }?.key
        }
    }
    private let state = Mutex(State())
    private let malformed = Mutex(0)
    private let limit: Int
    private let ofOnePeer: Int

    init(_ limits: ConnectionLimits = .init()) {
        (limit, ofOnePeer) = (max(1, limits.connections), max(1, limits.strangersOfOnePeer))
    }

    var count: Int { state.withLock { $0.seats.count } }

    /// Takes a seat. Where there is none, one is cleared; the new one is closed when all others are at work for somebody known.
    func enter(_ channel: any Channel, peer: String, close: @escaping @Sendable () -> Void) {
        let id = ObjectIdentifier(channel)
        let evicted = state.withLock { state -> (@Sendable () -> Void)? in
            state.turn += 1
            state.seats[id] = Seat(peer: peer, turn: state.turn, close: close)
            state.count(peer, 1)
            if state.strangers[peer, default: 0] > ofOnePeer {
                let victim = state.oldest(id) { !$0.isKnown && $0.peer == peer }
                return state.remove(victim ?? id)?.close
            }
            guard state.seats.count > limit else { return nil }
            let most = state.strangers.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
            let victim =
                state.oldest(id) { !$0.isKnown && $0.peer == most } ?? state.oldest(id) { !$0.isKnown }
                ?? state.oldest(id) { $0.isIdle } ?? id
            return state.remove(victim)?.close
        }
        evicted?()
    }

    /// A request begins: nobody's, until somebody has shown who they are.
    func begin(_ channel: any Channel) {
        state.withLock { state in
            state.set(ObjectIdentifier(channel), isKnown: false)
            state.seats[ObjectIdentifier(channel)]?.isIdle = false
        }
    }

    /// Whoever asks has shown who they are.
    func recognize(_ channel: any Channel) { state.withLock { $0.set(ObjectIdentifier(channel), isKnown: true) } }

    /// The last answer has ended.
    func finish(_ channel: any Channel) {
        state.withLock { state in
            state.turn += 1
            state.seats[ObjectIdentifier(channel)]?.turn = state.turn
            state.seats[ObjectIdentifier(channel)]?.isIdle = true
        }
    }

    func leave(_ channel: any Channel) { state.withLock { _ = $0.remove(ObjectIdentifier(channel)) } }

    func closeAll() {
        let all = state.withLock { $0.seats.values.map(\.close) }
        for close in all { close() }
    }

    /// Something came that is no HTTP.
    func noteMalformed() { malformed.withLock { $0 += 1 } }

    /// Says how much of it came since the last time; nothing when nothing did.
    func reportMalformed(to log: Logger) {
        let count = malformed.withLock { count in
            defer { count = 0 }
            return count
        }
        if count > 0 { log.info("the HTTP API refused \(count) malformed requests") }
    }
}
