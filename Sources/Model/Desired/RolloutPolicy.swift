/// How a new generation takes over from the old one.
public struct RolloutPolicy: Hashable, Sendable, Codable {
    /// The order in which instances come and go.
    public enum Strategy: Hashable, Sendable, Codable {
        /// All new instances healthy, then all the traffic at once, then the old ones go.
        case blueGreen
        /// At most `surge` new instances more than `replicas` at a time (1 to 100).
        case rolling(surge: Int)
        /// Like blueGreen, with the traffic moved in steps.
        case canary(steps: [CanaryStep])
        /// The old instances go first: for what cannot run twice. The only strategy with a gap.
        case recreate
    }
    /// One step of a canary: `weight` per cent of the traffic (1 to 99) for `pause`.
    public struct CanaryStep: Hashable, Sendable, Codable {
        /// Per cent of the traffic that the new generation gets, 1 to 99.
        public var weight: Int
        /// How long it is watched at this weight.
        public var pause: Span
        /// Makes a step.
        public init(weight: Int, pause: Span) { (self.weight, self.pause) = (weight, pause) }
    }
    /// What happens to the commit when a rollout fails.
    public enum OnFailure: String, Sendable, Codable, CaseIterable {
        /// A revert commit is pushed.
        case revert
        /// The old instances go on, and the failed generation is tried again with a growing pause.
        case hold
    }
    /// The order in which instances come and go.
    public var strategy: Strategy
    /// A rollout that is not done by then has failed; for each step of a canary its pause is added.
    public var deadline: Span
    /// Time that an old instance gets to finish its connections once it gets no new ones.
    public var drain: Span
    /// What happens to the commit when a rollout fails.
    public var onFailure: OnFailure
    /// How long the previous generation runs on without traffic, so that a rollback is a switch; 0 = it goes. Only with
    /// ``Strategy/blueGreen`` and ``Strategy/canary(steps:)``.
    public var keepWarm: Span = .zero

    /// Makes a policy with the documented defaults.
    public init(
        strategy: Strategy = .blueGreen, deadline: Span = .seconds(60), drain: Span = .seconds(10),
        onFailure: OnFailure = .revert
    ) {
        (self.strategy, self.deadline, self.drain, self.onFailure) = (strategy, deadline, drain, onFailure)
    }
}
