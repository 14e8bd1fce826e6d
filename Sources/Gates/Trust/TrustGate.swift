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
    ///   - revertTargets: for a commit of Curfew's that reverts: the commits whose exact inverse it is, by structure
    ///     (computed by the caller with a real revert); empty when it is none.
    ///   - mergedAfter: a moment at which it was not on the branch yet, as far as one is known: how old an approval is goes by
    ///     this or by the commit's own date, whichever is later.
    public static func judge(
        _ step: BranchStep, policies: PolicySet, policiesAreBroken: Bool, rules: TrustRules, approvals: [ApprovalTag],
        revertTargets: [ObjectID], mergedAfter: Instant? = nil, now: Instant
    ) -> TrustVerdict {
        TrustJudge(
            step: step, policies: policies, policiesAreBroken: policiesAreBroken, rules: rules, approvals: approvals,
            revertTargets: revertTargets, mergedAfter: mergedAfter, now: now
        ).verdict()
    }
}
