public import CurfewModel

/// Everything that decides about one grant. All of it comes from Git's history, but ``firstSeen``.
public struct GrantCase: Sendable, Hashable {
    /// The file.
    public var file: GrantFile
    /// The step of the branch that brought this blob to this path: the oldest one since which it has been there.
    public var step: BranchStep
    /// When Curfew saw it on the branch first, by its own clock; never later than now.
    public var firstSeen: Instant
    /// When it came onto the branch, at the earliest: how old an approval may be goes by it.
    public var mergedAt: Instant
    /// When it ends by other means than its duration: denied, given back, or the end that its targets were told. `nil` = not.
    public var endedEarly: Instant?
    /// Whether this blob was at this path before, and was gone in between: what approved it then is spent.
    public var isReplayed: Bool
    /// When Curfew saw tags that name it first, by tag. One that is not here is seen just now.
    public var tagsSeen: [ObjectID: Instant]
    /// What it was given by, when it is active; `nil` = not known.
    public var terms: GrantTerms?

    /// Makes a case.
    public init(
        file: GrantFile, step: BranchStep, firstSeen: Instant, mergedAt: Instant? = nil, endedEarly: Instant? = nil,
        isReplayed: Bool = false, tagsSeen: [ObjectID: Instant] = [:], terms: GrantTerms? = nil
    ) {
        (self.file, self.step, self.firstSeen, self.endedEarly) = (file, step, firstSeen, endedEarly)
        self.mergedAt = mergedAt ?? firstSeen
        (self.isReplayed, self.tagsSeen, self.terms) = (isReplayed, tagsSeen, terms)
    }
}

/// What the gates have to know of a backend.
public struct BackendFacts: Sendable {
    /// Whether the target ends access by itself.
    public var selfExpiring: Bool
    /// What is wrong with settings for a person.
    public var problems: @Sendable ([String: Setting], Person) -> [String]
    /// Makes facts.
    public init(selfExpiring: Bool, problems: @escaping @Sendable ([String: Setting], Person) -> [String]) {
        (self.selfExpiring, self.problems) = (selfExpiring, problems)
    }
}

/// One gate and what it says, for `explain` and `check`.
public struct GateResult: Sendable, Hashable, Codable {
    /// What is checked: `signer`, `role`, `eligible`, `duration`, `reason`, `window`, `concurrency`, `approvals`, `path`,
    /// `expiry`, `backend`, `breakGlass`, `start`, `replay`, `policies`, `rights`.
    public var gate: String
    /// Whether it lets the grant through; `nil` = not yet (waits for approvals or a time).
    public var passes: Bool?
    /// For people: what was found and, unless it passes, what to do.
    public var text: String
    /// Makes a result.
    public init(gate: String, passes: Bool?, text: String) { (self.gate, self.passes, self.text) = (gate, passes, text) }
}

/// What may be done with a grant just now.
public struct GrantVerdict: Sendable, Hashable, Codable {
    /// In which part of its life it is.
    public enum State: Sendable, Hashable, Codable {
        /// Everything passes and its time has not come; looked at again at `start`.
        case scheduled(start: Instant, end: Instant)
        /// To be made real, from `start` (in the past) until `end`.
        case active(start: Instant, end: Instant)
        /// Its time is over.
        case ended(at: Instant)
        /// Approvals are missing that can still come. On the followed branch that is an attempt too: a merge without them.
        case pending
        /// It fails its gates: never applied, reported as an attempt and reverted.
        case refused
    }
    /// The grant.
    public var id: GrantID
    public var state: State
    /// Every gate, in the order in which people read them.
    public var gates: [GateResult]
    /// The policy that lets it through, or that came nearest.
    public var policy: Name?
    /// Who approved it, each once, in the order in which they did.
    public var approvedBy: [Name]
    /// Who could approve it and has not, when approvals are missing.
    public var couldApprove: [Name]

    /// Makes a verdict.
    public init(
        id: GrantID, state: State, gates: [GateResult], policy: Name? = nil, approvedBy: [Name] = [], couldApprove: [Name] = []
    ) {
        (self.id, self.state, self.gates, self.policy) = (id, state, gates, policy)
        (self.approvedBy, self.couldApprove) = (approvedBy, couldApprove)
    }

    /// The texts of all gates that do not pass.
    public var reasons: [String] { gates.filter { $0.passes != true }.map(\.text) }
}

/// Judges grants by the rules of design, part 3. Pure.
public enum GrantGate {
    /// Judges every grant of a revision together, since `maxConcurrent` looks at all of a person's.
    ///
    /// - Parameters:
    ///   - cases: the grants on the branch.
    ///   - policies: `policies/` of the revision in force.
    ///   - parents: `policies/` of the parent of each case's step, by the step's commit: what judged it when it came. Who
    ///     may approve is in both; without a parent nobody may.
    ///   - policiesAreBroken: no new grant begins; those in ``running`` go on to their end.
    ///   - running: grants that are active already (made real before): they go on while everything stands by which they
    ///     were given, and everything that they give.
    ///   - bases: the policies in force when each of ``running`` was given; without them only the policies in force now count.
    ///   - backends: what the backends can do and take; `nil` = not known here, not judged.
    ///   - history: break-glass grants and reviews so far (see ``BreakGlassHistory``).
    ///   - now: Curfew's clock.
    public static func judge(
        _ cases: [GrantCase], policies: PolicySet, parents: [ObjectID: PolicySet], policiesAreBroken: Bool,
        rules: TrustRules, backends: [Name: BackendFacts]?, approvals: [ApprovalTag], running: Set<GrantID>,
        bases: [GrantID: PolicySet] = [:], history: BreakGlassHistory, now: Instant
    ) -> [GrantVerdict] {
        var tags: [ObjectID: [ApprovalTag]] = [:]
        for tag in approvals { for target in Set(tag.targets) { tags[target, default: []].append(tag) } }
        return GrantJudge(
            policies: policies, parents: parents, policiesAreBroken: policiesAreBroken, rules: rules, backends: backends,
            tags: tags, running: running, bases: bases, history: history, now: now
        ).verdicts(on: cases)
    }
}
