public import CurfewModel

/// What a service trusts besides the policies in the repository.
public struct TrustRules: Sendable, Hashable {
    /// Persons who may change `policies/` without a ChangePolicy, seal, and override freezes.
    public var owners: [Name]
    /// The key that Curfew itself signs with; it may only delete grant files and revert failed deploys.
    public var curfewKey: SSHPublicKey?
    /// The commit that the service pins; an approval of another repository counts for nothing. `nil` = not known here, as in a
    /// person's clone: then any is taken.
    public var root: ObjectID?
    /// How far ahead of Curfew's clock a commit may claim to be (60 s).
    public var tolerance: Span
    /// Makes rules.
    public init(
        owners: [Name], curfewKey: SSHPublicKey? = nil, root: ObjectID? = nil, tolerance: Span = .seconds(60)
    ) {
        (self.owners, self.curfewKey, self.root, self.tolerance) = (owners, curfewKey, root, tolerance)
    }
}

/// What may be done with one step of the branch.
public enum TrustVerdict: Sendable, Hashable {
    /// It may be applied. `signer` is `nil` for Curfew's own commits.
    case accepted(signer: Name?, approvedBy: [Name])
    /// It may be applied later: a freeze or a closed window. `until` = when to look again.
    case waits(until: Instant, reasons: [String])
    /// It may not; every reason at once, each a line that says what to do.
    case refused(reasons: [String])
}

/// Judges each first-parent commit by the policies of its parent (design, part 4). Pure.
public enum TrustGate {
    /// - Parameters:
    ///   - step: the commit, and what a merge brought along.
    ///   - policies: `policies/` as the parent has them (the last good ones when those are broken).
    ///   - policiesAreBroken: the parent's `policies/` cannot be read: only owners may change `policies/`, nobody else
    ///     anything that a ChangePolicy protects; deleting grants stays allowed.
    ///   - approvals: signed tags whose reference begins with `approvals/`.
    ///   - own: what is known of a commit that Curfew's own key has signed.
    ///   - mergedAfter: a moment at which it was not on the branch yet, as far as one is known: how old an approval is goes by
    ///     this or by the commit's own date, whichever is later.
    public static func judge(
        _ step: BranchStep, policies: PolicySet, policiesAreBroken: Bool, rules: TrustRules, approvals: [ApprovalTag],
        own: OwnCommit = OwnCommit(), mergedAfter: Instant? = nil, now: Instant
    ) -> TrustVerdict {
        TrustJudge(
            step: step, policies: policies, policiesAreBroken: policiesAreBroken, rules: rules, approvals: approvals,
            own: own, mergedAfter: mergedAfter, now: now
        ).verdict()
    }
    /// Why an accepted commit says nothing about the removal of these files, by its trailers; empty = it does. A trailer acts
    /// on paths: it is judged as if its own commit had removed them, by the same policies, with the same approvals.
    /// - Parameter paths: manifests of workloads that are to go.
    public static func objections(
        toRemoving paths: [RepositoryPath], by step: BranchStep, policies: PolicySet, policiesAreBroken: Bool,
        rules: TrustRules, approvals: [ApprovalTag], now: Instant
    ) -> [String] {
        var step = step
        let removed = Set(step.commit.changes.filter { $0.new == nil }.map(\.path))
        step.commit.changes += Set(paths).subtracting(removed).sorted().map {
            PathChange(path: $0, old: step.commit.id, new: nil)
        }
        let verdict = judge(
            step, policies: policies, policiesAreBroken: policiesAreBroken, rules: rules, approvals: approvals, now: now)
        switch verdict {
        case .accepted: return []
        case .waits(_, let reasons), .refused(let reasons): return reasons
        }
    }
}

/// What is known of a commit that Curfew's own key has signed.
public struct OwnCommit: Sendable, Hashable {
    /// Where it comes from, as far as that can be told.
    public enum Origin: Sendable, Hashable {
        /// It lies on the branch, and there is no record that could know it: an earlier state made it, or another machine looks.
        case branch
        /// The record of this service says that it has made just this commit.
        case recorded
        /// The record of this service should know it, and does not.
        case unknown
    }
    /// Where it comes from.
    public var origin: Origin
    /// The deploy that it takes back exactly and does nothing else, by structure; `nil` = it is no such commit.
    public var takesBack: ObjectID?
    /// Why it takes nothing back although it says so.
    public var objection: String?
    /// Makes facts.
    public init(origin: Origin = .branch, takesBack: ObjectID? = nil, objection: String? = nil) {
        (self.origin, self.takesBack, self.objection) = (origin, takesBack, objection)
    }
}
