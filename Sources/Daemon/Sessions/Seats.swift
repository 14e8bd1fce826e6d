import CurfewModel
import Glibc
import Synchronization

/// How many connections there may be before they have shown who they are, how many sessions, and how often an account may try
/// in vain. Everything is counted by the account that the kernel names; root and the daemon's own account have places that
/// nobody else can take.
final class Seats: Sendable {
    struct Limits: Sendable {
        /// Not yet authenticated, of all accounts without a reserve.
        var waiting = 48
        /// Not yet authenticated, of one account without a reserve.
        var waitingOfOne = 8
        /// Not yet authenticated, of root and the daemon's account.
        var reserved = 32
        /// Sessions.
        var inside = 256
        /// Sessions of one account without a reserve.
        var insideOfOne = 128
        /// Of the sessions, those for root and the daemon's account alone.
        var insideReserved = 16
        /// Refused attempts of one account at once, and the time until there may be one more.
        var refused = (burst: 40.0, every: Span.milliseconds(250))
    }
    private struct Waiting: Sendable {
        var account: UInt32
        var close: @Sendable () -> Void
    }
    private struct State {
        var next = 0
        /// By number, which grows.
        var waiting: [Int: Waiting] = [:]
        var inside: [UInt32: Int] = [:]
        var attempts: AttemptLimiter
    }
    private let limits: Limits
    private let own: UInt32
    private let state: Mutex<State>

    init(_ limits: Limits = Limits(), own: UInt32 = geteuid()) {
        (self.limits, self.own) = (limits, own)
        state = Mutex(State(attempts: AttemptLimiter(burst: limits.refused.burst, every: limits.refused.every)))
    }

    private func isPrivileged(_ account: UInt32) -> Bool { account == 0 || account == own }

    /// Takes a place among those who have not shown who they are; `nil` when the account has all of its own. Where there is
    /// none left, the oldest connection of the account that has the most is closed.
    /// - Parameter close: called when the place is needed for somebody else.
    func wait(_ account: UInt32, close: @escaping @Sendable () -> Void = {}) -> Int? {
        let (id, evicted) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
            let isPrivileged = isPrivileged(account)
            let mine = state.waiting.values.count { $0.account == account }
            let others = state.waiting.filter { self.isPrivileged($0.value.account) == isPrivileged }
            guard mine < (isPrivileged ? limits.reserved : limits.waitingOfOne) else { return (nil, nil) }
            var evicted: (@Sendable () -> Void)?
            if others.count >= (isPrivileged ? limits.reserved : limits.waiting) {
                guard let victim = Self.victim(among: others, butNot: account, with: mine) else { return (nil, nil) }
                evicted = state.waiting.removeValue(forKey: victim)?.close
            }
            state.next += 1
            state.waiting[state.next] = Waiting(account: account, close: close)
            return (state.next, evicted)
        }
        evicted?()
        return id
    }

    private static func victim(among waiting: [Int: Waiting], butNot account: UInt32, with mine: Int) -> Int? {
        var counts: [UInt32: Int] = [:]
        for each in waiting.values { counts[each.account, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        // Whoever has the most already makes no room by asking for more.
        guard mine < most else { return nil }
        return waiting.filter { counts[$0.value.account] == most && $0.value.account != account }.keys.min()
    }

    func stopWaiting(_ id: Int) { state.withLock { _ = $0.waiting.removeValue(forKey: id) } }

    /// Whether the account may try once more. Root and the daemon's own account always may.
    func mayTry(_ account: UInt32, now: Instant) -> Bool {
        isPrivileged(account) || state.withLock { $0.attempts.take(account, now: now) != nil }
    }

    /// An attempt that was no attempt in vain does not count.
    func succeeded(_ account: UInt32) { state.withLock { $0.attempts.giveBack(account) } }

    func enter(_ account: UInt32) -> Bool {
        state.withLock { state in
            let isPrivileged = isPrivileged(account)
            let mine = state.inside[account] ?? 0
            guard state.inside.values.reduce(0, +) < limits.inside - (isPrivileged ? 0 : limits.insideReserved),
                isPrivileged || mine < limits.insideOfOne
            else { return false }
            state.inside[account] = mine + 1
            return true
        }
    }

    func leave(_ account: UInt32) {
        state.withLock { state in
            let mine = (state.inside[account] ?? 1) - 1
            state.inside[account] = mine > 0 ? mine : nil
        }
    }
}
