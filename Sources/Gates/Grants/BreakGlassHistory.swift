public import CurfewModel

/// Who broke glass and has not been reviewed yet.
public struct BreakGlassHistory: Sendable, Hashable {
    /// Break-glass grants that have no review, with the person and the moment until which the review is due.
    public var unreviewed: [GrantID: Pending]
    /// One of them.
    public struct Pending: Sendable, Hashable, Codable {
        public var person: Name
        public var due: Instant
        /// Makes one.
        public init(person: Name, due: Instant) { (self.person, self.due) = (person, due) }
    }
    /// Makes a history.
    public init(unreviewed: [GrantID: Pending] = [:]) { self.unreviewed = unreviewed }
}

/// A break-glass grant that was active, and what has become of its review. Pure.
public struct BreakGlassUse: Sendable, Hashable {
    /// The grant.
    public var id: GrantID
    /// Who broke glass.
    public var person: Name
    /// For which role.
    public var role: Name
    /// When it began.
    public var start: Instant
    /// Makes a use.
    public init(id: GrantID, person: Name, role: Name, start: Instant) {
        (self.id, self.person, self.role, self.start) = (id, person, role, start)
    }

    /// Who has reviewed it, by a signed tag `approvals/<grant>/<person>` that names the blob and was made after it began:
    /// somebody else who could have approved such a grant. Everybody else's tags count for nothing.
    public func reviewer(in policies: PolicySet, approvals: [ApprovalTag], rules: TrustRules, now: Instant) -> Name? {
        let signing = Signing(policies: policies, rules: rules, now: now)
        let allowed = policies.members(of: rulers(in: policies).flatMap(\.approvals.from)).subtracting([person])
        return approvals.lazy.compactMap { tag -> Name? in
            guard tag.statement?.target == id.blob, case .counts(let name, let at) = signing.approval(tag, of: id),
                at + rules.tolerance >= start
            else { return nil }
            return name
        }.first { allowed.contains($0) }
    }

    /// Until when the review is due, by the shortest time that a policy sets.
    public func due(in policies: PolicySet) -> Instant {
        start + (rulers(in: policies).compactMap { $0.breakGlass?.reviewWithin }.min() ?? .seconds(86_400))
    }

    /// The policies by which it can have been given.
    private func rulers(in policies: PolicySet) -> [AccessPolicy] {
        policies.accessPolicies.values.filter { $0.roles.contains(role) && $0.breakGlass != nil }
    }
}
