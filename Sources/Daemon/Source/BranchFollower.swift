import CurfewGates
import CurfewGitSource
import CurfewModel

/// Follows the branch: keeps asking for its tip, on its own time, so that a server that never answers holds nothing up.
///
/// Which commit is taken:
/// 1. The tip of the branch, if it descends from the last one taken.
/// 2. Otherwise the branch was rewritten: nothing is taken until a commit on it seals its parent (``Seal``).
/// 3. With `trust.mode: signed`, of those only the commits up to the first one that its parent's policies do not let through.
/// 4. With no answer, an empty repository or no such branch, what was taken before stays.
actor BranchFollower {
    /// What is known about the source.
    struct State: Sendable, Equatable {
        /// The revision that may be applied.
        var accepted: ObjectID?
        /// The remote's tip, which may be held.
        var tip: ObjectID?
        /// Where it was fetched from.
        var remote: String?
        /// Why the last fetch failed.
        var problem: String?
        /// Since when it has been failing.
        var failingSince: Instant?
        /// The last fetch that worked.
        var lastFetch: Instant?
        /// Why ``tip`` is not taken.
        var held: String?
        /// When a commit that waits is to be looked at again.
        var lookAgain: Instant?
    }

    private let mirror: Mirror
    private let clock: WallClock
    private let interval: Span
    private let trust: TrustKeeper?
    private let alarm = Alarm()
    private let changed: @Sendable (_ before: State, _ now: State) async -> Void
    /// Told of each question whether there was an answer.
    private let asked: @Sendable (Bool) -> Void
    private(set) var state = State()

    init(
        mirror: Mirror, clock: WallClock, interval: Span, trust: TrustKeeper?,
        asked: @escaping @Sendable (Bool) -> Void = { _ in },
        changed: @escaping @Sendable (_ before: State, _ now: State) async -> Void
    ) {
        (self.mirror, self.clock, self.interval) = (mirror, clock, interval)
        (self.trust, self.changed, self.asked) = (trust, changed, asked)
    }

    /// What is known without asking the remote: the start after a kill, or with the Git host down.
    func recall() async throws {
        let marks = try await mirror.marks(under: "state")
        state.accepted = marks[mark]
        state.tip = try await mirror.tip()
        // Another root was pinned, or the mark was: what does not stand on the root was never accepted.
        if let trust, let accepted = state.accepted, try await !trust.isAboveRoot(accepted) { state.accepted = nil }
    }

    /// The name of the mark at the last revision taken. What was taken without being verified counts for nothing later.
    private var mark: String { trust == nil ? "applied" : "verified" }

    /// Asks now instead of at the next interval.
    nonisolated func hurry() { alarm.ring() }

    /// Asks again and again until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await ask()
            // Up to a tenth earlier or later, so that many Curfews do not ask one host at the same moment.
            let jitter = Int64.random(in: -interval.milliseconds / 10...interval.milliseconds / 10)
            let pause = Span(milliseconds: interval.milliseconds + jitter)
            let due = state.lookAgain.map { max(.milliseconds(100), $0 - clock.now) } ?? pause
            await alarm.wait(atMost: min(pause, due))
        }
    }

    /// Asks once.
    func ask() async {
        var next = state
        do {
            let outcome = try await mirror.refresh()
            asked(true)
            (next.problem, next.failingSince, next.lastFetch) = (nil, nil, clock.now)
            (next.tip, next.remote) = (outcome.tip, outcome.remote)
            next = try await judge(next)
            if outcome.awaitsApprovals { judgeAgainWithApprovals() }
            if let held = next.held, let problem = await mirror.approvalProblem {
                next.held = "\(held) (approvals cannot be fetched: \(problem))"
            }
        } catch {
            if Task.isCancelled { return }
            asked(false)
            // What waits for a time does so with the Git host down, too.
            next = (try? await judge(next)) ?? next
            next.problem = "\(error)"
            next.failingSince = next.failingSince ?? clock.now
        }
        let before = state
        state = next
        if next != before { await changed(before, next) }
    }

    /// Approvals come apart from the branch, after it: what waits for one is judged again when they are here.
    private func judgeAgainWithApprovals() {
        Task { [mirror, alarm] in
            await mirror.approvalsFetched()
            alarm.ring()
        }
    }

    private func judge(_ state: State) async throws -> State {
        var next = state
        guard let tip = state.tip, tip != state.accepted else {
            (next.held, next.lookAgain) = (nil, nil)
            return next
        }
        if let trust { return try await follow(tip, from: state, trust) }
        if let accepted = state.accepted, try await !mirror.isAncestor(accepted, of: tip),
            try await !isSealed(tip, since: accepted)
        {
            next.held = TrustKeeper.rewritten(tip, accepted, Seal(tip: tip, root: nil, accepted: accepted))
            return next
        }
        try await mirror.setMark("state/\(mark)", to: tip)
        (next.accepted, next.held) = (tip, nil)
        return next
    }

    /// Takes what the policies let through.
    private func follow(_ tip: ObjectID, from state: State, _ trust: TrustKeeper) async throws -> State {
        var next = state
        let now = clock.now
        // A disk that is full stops no branch.
        try? await trust.record.begin(at: tip, anew: state.accepted == nil)
        if let accepted = state.accepted, try await !mirror.isOnLine(accepted, below: tip, above: trust.root) {
            guard let seal = try await trust.sealed(tip, since: accepted, now: now) else {
                next.held = try await trust.rewritten(tip, since: accepted)
                return next
            }
            next.accepted = seal
            try await mirror.setMark("state/\(mark)", to: seal)
        }
        while true {
            let outcome = try await trust.follow(from: next.accepted, to: tip, now: now)
            (next.held, next.lookAgain) = (outcome.held, outcome.until)
            if outcome.accepted != next.accepted {
                next.accepted = outcome.accepted
                try await mirror.setMark("state/\(mark)", to: outcome.accepted)
            }
            if outcome.accepted == tip || outcome.held != nil { return next }
        }
    }

    /// Whether a commit above the rewrite accepts it, by naming its own parent. Nothing is signed here: whoever can push can
    /// write it. It guards against an accident alone, and one that was there before belongs to an earlier rewrite.
    private func isSealed(_ tip: ObjectID, since accepted: ObjectID) async throws -> Bool {
        for commit in try await mirror.firstParents(from: tip, until: nil, limit: TrustKeeper.sealDepth) {
            guard let seal = Seal(commit.trailers), seal.tip == commit.parents.first,
                seal.accepted.map({ $0 == accepted }) ?? true
            else { continue }
            if try await !mirror.isAncestor(commit.id, of: accepted) { return true }
        }
        return false
    }
}
