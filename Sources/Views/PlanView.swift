/// What is being done, and what deliberately not.
public struct PlanView: Sendable, Encodable, Hashable {
    /// Something that is being done.
    public struct Step: Sendable, Encodable, Hashable {
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
    public struct Hold: Sendable, Encodable, Hashable {
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
