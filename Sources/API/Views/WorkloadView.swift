/// A workload and how it stands.
public struct WorkloadView: Sendable, Encodable, Equatable {
    public var name: String
    public var runtime: String?
    /// The generation that should run.
    public var generation: String?
    public var desired: Int
    public var ready: Int
    /// Where traffic enters, `host:port`.
    public var address: String?
    /// `converged`, `progressing`, `held` or `failed`.
    public var state: String
    public var message: String?
    public var revision: String?
    /// Rolled back on this machine ahead of Git.
    public var pinned: Bool
    public var instances: [InstanceView]

    public init(
        name: String, runtime: String?, generation: String?, desired: Int, ready: Int, address: String?, state: String,
        message: String?, revision: String?, pinned: Bool, instances: [InstanceView]
    ) {
        (self.name, self.runtime, self.generation, self.desired, self.ready) = (name, runtime, generation, desired, ready)
        (self.address, self.state, self.message, self.revision) = (address, state, message, revision)
        (self.pinned, self.instances) = (pinned, instances)
    }
}

/// One instance.
public struct InstanceView: Sendable, Encodable, Equatable {
    public var id: String
    public var generation: String
    public var state: String
    public var health: String
    /// Port name → `host:port`.
    public var endpoints: [String: String]

    public init(id: String, generation: String, state: String, health: String, endpoints: [String: String]) {
        (self.id, self.generation, self.state, self.health, self.endpoints) = (id, generation, state, health, endpoints)
    }
}

/// A grant that is not over and off the branch.
public struct GrantView: Sendable, Encodable, Equatable {
    public var name: String
    /// The blob of its file: another content is another grant.
    public var blob: String
    public var person: String?
    public var role: String?
    /// `pending`, `scheduled`, `starting`, `active`, `ending`, `ended` or `refused`.
    public var state: String
    public var start: String?
    public var end: String?
    public var reasons: [String]
    public var approvedBy: [String]
    public var backends: [String]

    public init(
        name: String, blob: String, person: String?, role: String?, state: String, start: String?, end: String?,
        reasons: [String], approvedBy: [String], backends: [String]
    ) {
        (self.name, self.blob, self.person, self.role, self.state) = (name, blob, person, role, state)
        (self.start, self.end, self.reasons) = (start, end, reasons)
        (self.approvedBy, self.backends) = (approvedBy, backends)
    }
}

/// What is being done, and what deliberately not.
public struct PlanView: Sendable, Encodable, Equatable {
    /// Something that is being done.
    public struct Step: Sendable, Encodable, Equatable {
        /// `create`, `replace`, `resize`, `repair` or `retire`.
        public var kind: String
        public var workload: String
        /// Generations that run now.
        public var from: [String]
        public var to: String?
        /// Kinds of drift: `missing`, `extra`, `exited`, `unhealthy`, `tampered`, `foreign`.
        public var drift: [String]
        public var waitsFor: [String]
        public var explanation: String

        public init(
            kind: String, workload: String, from: [String], to: String?, drift: [String], waitsFor: [String],
            explanation: String
        ) {
            (self.kind, self.workload, self.from, self.to) = (kind, workload, from, to)
            (self.drift, self.waitsFor, self.explanation) = (drift, waitsFor, explanation)
        }
    }
    /// Something that is not done.
    public struct Hold: Sendable, Encodable, Equatable {
        public var workload: String
        /// `pruneGuard`, `failedGeneration`, `unreachableRuntime` or `heldBundle`.
        public var reason: String
        public var explanation: String
        /// When it is looked at again by itself.
        public var until: String?

        public init(workload: String, reason: String, explanation: String, until: String?) {
            (self.workload, self.reason, self.explanation, self.until) = (workload, reason, explanation, until)
        }
    }
    public var revision: String?
    public var steps: [Step]
    public var holds: [Hold]

    public init(revision: String?, steps: [Step], holds: [Hold]) {
        (self.revision, self.steps, self.holds) = (revision, steps, holds)
    }
}
