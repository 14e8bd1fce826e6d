public import CurfewModel

/// What an active grant was given by.
public struct GrantTerms: Sendable, Hashable {
    /// When it began.
    public var start: Instant
    /// Whose approvals counted then, with the keys that they were signed with; `nil` = not known.
    public var approvals: [Name: SSHPublicKey]?

    /// Makes terms.
    public init(start: Instant, approvals: [Name: SSHPublicKey]? = nil) { (self.start, self.approvals) = (start, approvals) }
}

extension GrantVerdict {
    /// The keys that the approvals of a grant were signed with: by tags that name its blob, and by the merge that took it.
    public func approvalKeys(_ item: GrantCase, tags: [ApprovalTag], policies: PolicySet) -> [Name: SSHPublicKey] {
        var keys: [Name: SSHPublicKey] = [:]
        func take(_ check: SignatureCheck) {
            guard case .good(let key) = check, let name = policies.person(signingWith: key)?.name else { return }
            if approvedBy.contains(name), keys[name] == nil { keys[name] = key }
        }
        for tag in tags where tag.targets.contains(item.file.blob) { take(tag.signature) }
        if item.step.mergesOnly { take(item.step.commit.signature) }
        return keys
    }
}
