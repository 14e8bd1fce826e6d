/// What has to be done to make what runs equal to what should run: an immutable value, made by Planning, carried out by
/// Rollout without choices of its own.
public struct Plan: Sendable, Equatable {
    /// The revision that it was made for; a plan for another revision is stale and refused.
    public var revision: ObjectID
    /// Workloads with something to do, in dependency order (retirements last, dependents first).
    public var steps: [PlanStep]
    /// What is deliberately not done, and why.
    public var holds: [PlanHold]

    /// Makes a plan.
    public init(revision: ObjectID, steps: [PlanStep], holds: [PlanHold] = []) {
        (self.revision, self.steps, self.holds) = (revision, steps, holds)
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { steps.isEmpty }
}

/// What has to be done about one workload.
public struct PlanStep: Sendable, Equatable {
    /// The kinds of step.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Nothing of it runs.
        case create
        /// Instances of another generation run.
        case replace
        /// The right generation runs, in the wrong number.
        case resize
        /// The right generation runs, and some instances are drifted: they are succeeded by fresh ones.
        case repair
        /// It has left the manifests.
        case retire
    }
    /// What to do.
    public var kind: Kind
    /// About whom.
    public var workload: Name
    /// The generations that run now, most instances first; empty for `create`.
    public var from: [Generation]
    /// The generation to come; `nil` for `retire`.
    public var to: Generation?
    /// What is wrong with single instances.
    public var drift: [Drift]
    /// Workloads that must be healthy (or, for `retire`, gone) before this step may start; empty when it may start now.
    public var waitsFor: [Name]
    /// One line for people: `replace web: generation 3f2a… → 91bc…, because artifact changed in 1c2d… by alice`.
    public var explanation: String

    /// Makes a step.
    public init(
        kind: Kind, workload: Name, from: [Generation] = [], to: Generation? = nil, drift: [Drift] = [], waitsFor: [Name] = [],
        explanation: String
    ) {
        self.kind = kind
        self.workload = workload
        self.from = from
        self.to = to
        self.drift = drift
        self.waitsFor = waitsFor
        self.explanation = explanation
    }
}

/// One way in which what runs is not what should run.
public struct Drift: Sendable, Hashable, Codable {
    /// The kinds of drift.
    public enum Kind: String, Sendable, Codable, CaseIterable { case missing, extra, exited, unhealthy, tampered, foreign }
    /// Which.
    public var kind: Kind
    /// The instance; `nil` for `missing`.
    public var instance: InstanceID?
    /// What was seen, in words.
    public var detail: String
    /// Makes a drift.
    public init(_ kind: Kind, instance: InstanceID? = nil, detail: String = "") {
        (self.kind, self.instance, self.detail) = (kind, instance, detail)
    }
}

/// Something that is deliberately not done.
public struct PlanHold: Sendable, Hashable, Codable {
    /// Why nothing is done.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// More than the prune limit would go.
        case pruneGuard
        /// The generation has failed and its next try is later.
        case failedGeneration
        /// The runtime does not answer.
        case unreachableRuntime
        /// The bundle is held.
        case heldBundle
    }
    /// About whom.
    public var workload: Name
    /// Why.
    public var reason: Reason
    /// One line for people, with what to do.
    public var explanation: String
    /// When it will be looked at again by itself; `nil` = only a commit changes it.
    public var until: Instant?
    /// Makes a hold.
    public init(workload: Name, reason: Reason, explanation: String, until: Instant? = nil) {
        (self.workload, self.reason, self.explanation, self.until) = (workload, reason, explanation, until)
    }
}

/// Who brought a change: what a plan names in its explanations.
public struct Attribution: Sendable, Hashable, Codable {
    /// The commit that brought the generation.
    public var commit: ObjectID
    /// The author's name as written in the commit; hostile text, escape when printing.
    public var author: String
    /// The commit's first line.
    public var summary: String
    /// Makes an attribution.
    public init(commit: ObjectID, author: String, summary: String) {
        (self.commit, self.author, self.summary) = (commit, author, summary)
    }
}
