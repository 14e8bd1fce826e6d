import Synchronization

/// How many may wait at the door and how many may be inside.
final class Seats: Sendable {
    struct Limits: Sendable {
        /// Not yet authenticated, of all accounts.
        var waiting = 32
        /// Not yet authenticated, of one account that is not root: nobody shuts the others out.
        var waitingOfOne = 8
        /// Sessions.
        var inside = 256
    }
    private struct State {
        var waiting: [UInt32: Int] = [:]
        var inside = 0
    }
    private let limits: Limits
    private let state = Mutex(State())

    init(_ limits: Limits = Limits()) { self.limits = limits }

    func wait(_ account: UInt32) -> Bool {
        state.withLock { state in
            let own = state.waiting[account] ?? 0
            guard state.waiting.values.reduce(0, +) < limits.waiting, account == 0 || own < limits.waitingOfOne else {
                return false
            }
            state.waiting[account] = own + 1
            return true
        }
    }

    func stopWaiting(_ account: UInt32) {
        state.withLock { state in
            let own = (state.waiting[account] ?? 1) - 1
            state.waiting[account] = own > 0 ? own : nil
        }
    }

    func enter() -> Bool {
        state.withLock { state in
            guard state.inside < limits.inside else { return false }
            state.inside += 1
            return true
        }
    }

    func leave() { state.withLock { $0.inside -= 1 } }
}
