public import CurfewModel

/// Everything that a plan is made from. Two equal inputs give two equal plans.
public struct PlanInput: Sendable {
    /// What should run.
    public var desired: DesiredState
    /// What runs.
    public var observed: Observation
    /// What is remembered, by workload; may be empty after a loss.
    public var memory: [Name: WorkloadMemory]
    /// Who brought each workload's generation (or its removal), for the explanations alone.
    public var attributions: [Name: Attribution]
    /// The share of the observed workloads that one revision may retire without the trailer, 0 to 1. What is no number
    /// counts as a half.
    public var pruneLimit: Double
    /// The moment that the plan is made for.
    public var now: Instant

    /// Makes an input.
    public init(
        desired: DesiredState, observed: Observation, memory: [Name: WorkloadMemory] = [:],
        attributions: [Name: Attribution] = [:], pruneLimit: Double = 0.5, now: Instant
    ) {
        self.desired = desired
        self.observed = observed
        self.memory = memory
        self.attributions = attributions
        self.pruneLimit = pruneLimit
        self.now = now
    }
}
