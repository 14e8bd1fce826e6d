public import CurfewDrivers
public import CurfewModel

/// What is to be done about one workload now. The caller applies the listeners, does the actions and keeps the memory, in
/// any order and as far as it gets: the next decision starts from what is then observed.
public struct RolloutDecision: Sendable, Equatable {
    /// Starts first, then stops.
    public var actions: [RolloutAction]
    /// All that the edge shall do for this workload; what is not named is closed.
    public var listeners: [EdgeListener]
    /// To be kept and handed in the next time.
    public var memory: WorkloadMemory
    /// How far it is.
    public var phase: Phase
    /// The next moment at which time alone changes the decision; `nil` = only an event does. Always later than `now`.
    public var wakeAt: Instant?
    /// Set once, by the decision that finds the generation to have failed.
    public var failure: RolloutFailure?

    /// Makes a decision.
    public init(
        actions: [RolloutAction] = [], listeners: [EdgeListener], memory: WorkloadMemory, phase: Phase, wakeAt: Instant? = nil,
        failure: RolloutFailure? = nil
    ) {
        self.actions = actions
        self.listeners = listeners
        self.memory = memory
        self.phase = phase
        self.wakeAt = wakeAt
        self.failure = failure
    }
}

/// One thing to do on a runtime.
public enum RolloutAction: Sendable, Hashable {
    /// Start one instance of the desired generation.
    case start
    /// Stop and remove an instance: ask it to end, end it after `grace`. The reason is for people.
    case stop(InstanceID, grace: Span, reason: String)
}

/// How far a workload is. The texts are for people, one line each.
public enum Phase: Sendable, Equatable {
    /// Exactly what is desired runs, is healthy and has the traffic.
    case converged
    /// On its way.
    case progressing(String)
    /// Deliberately left as it is.
    case held(String)
    /// The desired generation has failed and is not tried again yet.
    case failed(String)
}

/// A generation that did not get through its rollout.
public struct RolloutFailure: Sendable, Hashable {
    /// Which.
    public var generation: Generation
    /// Why, in words; escaped and bounded.
    public var reason: String
    /// The instances whose last log lines tell more, worst first; may be empty.
    public var instances: [InstanceID]
    /// What the workload wants done about the commit.
    public var onFailure: RolloutPolicy.OnFailure
    /// How often this generation has failed by now, from 1.
    public var attempt: Int
    /// Whether it is the first failure of this generation: later ones are not reverted again.
    public var isFirst: Bool { attempt == 1 }

    /// Makes a failure.
    public init(
        generation: Generation, reason: String, instances: [InstanceID], onFailure: RolloutPolicy.OnFailure, attempt: Int
    ) {
        self.generation = generation
        self.reason = reason
        self.instances = instances
        self.onFailure = onFailure
        self.attempt = attempt
    }
}
