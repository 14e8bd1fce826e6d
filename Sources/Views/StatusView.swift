/// Answers of the API. They are a format of their own: what `status.json` holds may change, these only grow within `v1`.
/// Moments are RFC 3339 in UTC, commits 40 hexadecimal digits, and what is not known is left out.
public struct StatusView: Sendable, Encodable, Hashable {
    /// Where the desired state comes from.
    public struct Source: Sendable, Encodable, Hashable {
        public var url: String
        public var branch: String
        public var tip: String?
        public var lastFetch: String?
        public var problem: String?
        public var failingSince: String?
        public var held: String?

        public init(
            url: String, branch: String, tip: String? = nil, lastFetch: String? = nil, problem: String? = nil,
            failingSince: String? = nil, held: String? = nil
        ) {
            (self.url, self.branch, self.tip, self.lastFetch) = (url, branch, tip, lastFetch)
            (self.problem, self.failingSince, self.held) = (problem, failingSince, held)
        }
    }
    /// A bundle that stays at an older revision.
    public struct HeldBundle: Sendable, Encodable, Hashable {
        public var bundle: String
        public var lastGood: String?
        /// `file:line:column: error: …`
        public var diagnostics: [String]

        public init(bundle: String, lastGood: String?, diagnostics: [String]) {
            (self.bundle, self.lastGood, self.diagnostics) = (bundle, lastGood, diagnostics)
        }
    }

    /// The program's version.
    public var version: String
    /// When it was like this.
    public var at: String
    /// `converged`, `progressing`, `held` or `failed`.
    public var state: String
    /// The revision in force.
    public var revision: String?
    /// Whether signatures and approvals were checked.
    public var verified: Bool
    /// `trust.mode`.
    public var trust: String
    /// Who paused Curfew.
    public var paused: String?
    public var source: Source
    public var workloads: [WorkloadView]
    public var heldBundles: [HeldBundle]
    public var diagnostics: [String]
    public var problems: [String]
    /// Commits whose reverts are not on the branch yet.
    public var pendingReverts: [String]
    public var grants: [GrantView]

    public init(
        version: String, at: String, state: String, revision: String?, verified: Bool, trust: String, paused: String?,
        source: Source, workloads: [WorkloadView], heldBundles: [HeldBundle], diagnostics: [String], problems: [String],
        pendingReverts: [String], grants: [GrantView]
    ) {
        (self.version, self.at, self.state, self.revision, self.verified) = (version, at, state, revision, verified)
        (self.trust, self.paused, self.source, self.workloads) = (trust, paused, source, workloads)
        (self.heldBundles, self.diagnostics, self.problems) = (heldBundles, diagnostics, problems)
        (self.pendingReverts, self.grants) = (pendingReverts, grants)
    }
}

/// Whether Curfew works: `/readyz`.
public struct HealthView: Sendable, Encodable, Hashable {
    /// Whether all is well.
    public var ready: Bool
    /// Seconds since the loop turned last.
    public var secondsSinceTick: Double
    /// Whether the journal could be written when it was last tried.
    public var journalWritable: Bool
    /// What is wrong.
    public var problems: [String]

    public init(ready: Bool, secondsSinceTick: Double, journalWritable: Bool, problems: [String]) {
        (self.ready, self.secondsSinceTick) = (ready, secondsSinceTick)
        (self.journalWritable, self.problems) = (journalWritable, problems)
    }
}
