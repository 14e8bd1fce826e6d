public import CurfewDrivers
public import CurfewModel

/// Everything that a rollout decision about one workload is made from. Two equal inputs give two equal decisions.
public struct RolloutInput: Sendable {
    /// About whom.
    public var workload: Name
    /// What should run; `nil` = it has left the manifests and is retired.
    public var desired: DesiredWorkload?
    /// What runs of it, in any order.
    public var instances: [ObservedInstance]
    /// What probes have found out, by instance; a missing entry counts as unknown.
    public var health: [InstanceID: Health]
    /// What the edge does now; `nil` = it did not answer, and nothing that may get traffic is stopped.
    public var edge: ObservedEdge?
    /// What the edge was told last for this workload; empty after a loss.
    public var lastListeners: [EdgeListener]
    /// What is remembered; empty after a loss.
    public var memory: WorkloadMemory
    /// The plan holds this workload: nothing is started, stopped or drained, and the traffic stays where it is. A
    /// generation that has failed is the exception: its instances still go.
    public var held: Bool
    /// Workloads that have to be ready (for a retirement: gone) first; empty = none.
    public var waitsFor: [Name]
    /// Why preparing or starting an instance of the desired generation failed, `nil` when it did not.
    public var artifactFailure: String?
    /// The moment that the decision is made for.
    public var now: Instant

    /// Makes an input.
    public init(
        workload: Name, desired: DesiredWorkload?, instances: [ObservedInstance], health: [InstanceID: Health] = [:],
        edge: ObservedEdge? = nil, lastListeners: [EdgeListener] = [], memory: WorkloadMemory = WorkloadMemory(),
        held: Bool = false, waitsFor: [Name] = [], artifactFailure: String? = nil, now: Instant
    ) {
        self.workload = workload
        self.desired = desired
        self.instances = instances
        self.health = health
        self.edge = edge
        self.lastListeners = lastListeners
        self.memory = memory
        self.held = held
        self.waitsFor = waitsFor
        self.artifactFailure = artifactFailure
        self.now = now
    }
}
