import CurfewModel

/// Who agrees to a grant.
extension GrantJudge {
    /// The approvals that count.
    struct Agreement {
        /// Each person once, in the order of their times.
        var names: [Name] = []
        /// When there were enough, by the times that they claim; `nil` when none is needed or some are missing.
        var completedAt: Instant?
        /// When Curfew had seen enough.
        var seenAt: Instant?
        /// What was said and does not count, with the reason.
        var void: [String] = []
    }

    /// Who cannot approve: the requester, and whoever wrote, committed or signed a part of the request.
    private func excluded(_ item: GrantCase) -> Set<Name> {
        var names: Set<Name> = [item.file.grant.person]
        for commit in contributing(item) {
            for claim in [commit.author, commit.committer] {
                if let person = policies.person(withEmail: claim.email) { names.insert(person.name) }
            }
            if case .good(let key) = commit.signature, let person = policies.person(signingWith: key) {
                names.insert(person.name)
            }
        }
        return names
    }

    /// Who may approve: decided by the policies before the request came, and by those in force now.
    func approvers(for item: GrantCase, _ policy: AccessPolicy) -> Set<Name> {
        guard let before = parents[item.step.commit.id], let old = before.accessPolicies[policy.name] else { return [] }
        return policies.members(of: policy.approvals.from).intersection(before.members(of: old.approvals.from))
            .subtracting(excluded(item))
    }

    /// Counts approvals. Keys have to be valid when Curfew sees the signature first, whatever date it claims.
    func agreement(for item: GrantCase, _ policy: AccessPolicy) -> Agreement {
        let allowed = approvers(for: item, policy)
        var found: [Name: (at: Instant, seen: Instant)] = [:]
        if item.step.mergesOnly {
            let merge = item.step.commit
            let (signer, reasons) = Signing(policies: policies, rules: rules, now: item.firstSeen).examine(merge)
            if reasons.isEmpty, let signer, allowed.contains(signer) { found[signer] = (merge.committer.at, item.firstSeen) }
        }
        var void: [String] = []
        for tag in tags[item.file.blob] ?? [] {
            let seen = item.tagsSeen[tag.id]
            let signing = Signing(policies: policies, rules: rules, now: seen ?? now)
            switch signing.approval(tag, of: item.file.id) {
            case .unrelated: continue
            case .void(let name, let why):
                if allowed.contains(name) { void.append("the approval of \(name) does not count: \(why)") }
            case .counts(let name, let at):
                guard allowed.contains(name) else { continue }
                let sight = seen ?? item.firstSeen
                guard min(at, sight) + policy.approvals.validFor >= item.mergedAt else {
                    void.append(
                        "the approval of \(name) was older than \(policy.approvals.validFor) when the request was merged; approve again"
                    )
                    continue
                }
                found[name] = found[name].map { (min($0.at, at), min($0.seen, sight)) } ?? (at, sight)
            }
        }
        let order = found.sorted { ($0.value.at, $0.key) < ($1.value.at, $1.key) }
        guard policy.approvals.count > 0, order.count >= policy.approvals.count else {
            return Agreement(names: order.map(\.key), void: void)
        }
        let enough = order.prefix(policy.approvals.count)
        return Agreement(
            names: order.map(\.key), completedAt: enough.last?.value.at, seenAt: enough.map(\.value.seen).max())
    }
}
