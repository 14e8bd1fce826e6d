import CurfewModel

/// Calls into backends, the remote and the journal that have not come back yet. Each has a deadline: who waits for it goes on
/// then, and the call is cancelled and left to itself. While it is out no second one of its name begins, so nothing piles up.
struct OutstandingCalls {
    /// What is called.
    enum Name: Hashable {
        case open(CurfewModel.Name)
        case observe(CurfewModel.Name)
        case give(CurfewModel.Name, GrantID)
        /// The ends that were begun together, by number.
        case end(CurfewModel.Name, Int)
        case finish(GrantID)
        case revert, publish, hosts, flush, show, clock
    }
    struct Call {
        var began: ContinuousClock.Instant
        var deadline: ContinuousClock.Instant
        /// It is over its deadline, and that was dealt with.
        var isAbandoned = false
        var task: Task<Void, Never>?
    }
    private(set) var calls: [Name: Call] = [:]

    func isOut(_ name: Name) -> Bool { calls[name] != nil }

    /// Since when it is out, in whole seconds.
    func age(of name: Name) -> Int64 { calls[name].map { (ContinuousClock.now - $0.began).components.seconds } ?? 0 }

    /// Whether something is out that may still come back in time.
    var areExpected: Bool { calls.values.contains { !$0.isAbandoned } }

    mutating func began(_ name: Name, within limit: Span) {
        let now = ContinuousClock.now
        calls[name] = Call(began: now, deadline: now + limit.duration)
    }

    mutating func runs(_ name: Name, as task: Task<Void, Never>) { calls[name]?.task = task }

    mutating func cameBack(_ name: Name) { calls[name] = nil }

    /// Those that are over their deadline for the first time, cancelled.
    mutating func takeOverdue() -> [Name] {
        let now = ContinuousClock.now
        let late = calls.filter { !$0.value.isAbandoned && $0.value.deadline <= now }.map(\.key)
        for name in late {
            calls[name]?.isAbandoned = true
            calls[name]?.task?.cancel()
        }
        return late
    }

    /// How long until the next deadline.
    var untilDeadline: Span? {
        guard let next = calls.values.filter({ !$0.isAbandoned }).map(\.deadline).min() else { return nil }
        let left = (next - ContinuousClock.now).components
        return max(.milliseconds(1), Span(milliseconds: left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1))
    }

    /// Nobody waits any more.
    func cancelAll() { for call in calls.values { call.task?.cancel() } }
}
