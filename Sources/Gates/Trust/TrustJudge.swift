import CurfewModel

/// Judges one step of the branch.
struct TrustJudge {
    let step: BranchStep
    let policies: PolicySet
    let policiesAreBroken: Bool
    let rules: TrustRules
    let approvals: [ApprovalTag]
    let own: OwnCommit
    let mergedAfter: Instant?
    let now: Instant

    var signing: Signing { Signing(policies: policies, rules: rules, now: now) }

    func verdict() -> TrustVerdict {
        if case .good(let key) = step.commit.signature, key == rules.curfewKey { return ownCommit() }
        var reasons: [String] = []
        let (signer, complaints) = signing.examine(step.commit)
        reasons += complaints
        // A merge that only takes what its other parents have is an act of approval; one with content of its own is not.
        let mergesOnly = step.mergesOnly
        var contributors: Set<Name> = []
        for commit in step.merged {
            let (name, complaints) = signing.examine(commit)
            reasons += complaints
            if let name { contributors.insert(name) }
        }
        if !mergesOnly || step.merged.isEmpty, let signer { contributors.insert(signer) }
        reasons += shape()
        // The approval of a merge is as old as the merge.
        var approvers: [(name: Name, at: Instant)] = []
        if mergesOnly, let signer, !contributors.contains(signer) { approvers.append((signer, mergedAt)) }
        // Whoever approved the merged head has not seen what the merge adds of its own.
        let targets = [step.commit.id] + (mergesOnly ? Array(step.commit.parents.dropFirst()) : [])
        for tag in approvals {
            guard case .counts(let name, let at) = signing.approval(tag, ofCommit: targets), !contributors.contains(name),
                !approvers.contains(where: { $0.name == name })
            else { continue }
            approvers.append((name, at))
        }
        let merger = mergesOnly ? signer : nil
        let (failures, waits, counted) = judgePaths(contributors, approvers, merger)
        reasons += failures
        guard reasons.isEmpty, let signer else {
            return .refused(reasons: reasons.isEmpty ? ["nobody signed it"] : Self.limited(reasons))
        }
        if let until = waits.map(\.until).max(), !isOverridden(by: signer) {
            return .waits(until: until, reasons: waits.map(\.reason))
        }
        return .accepted(signer: signer, approvedBy: counted)
    }

    /// When it came onto the branch, at the earliest.
    var mergedAt: Instant { min(now, max(step.commit.committer.at, mergedAfter ?? step.commit.committer.at)) }

    private func isOverridden(by signer: Name) -> Bool {
        rules.owners.contains(signer) && step.commit.trailers.values("Curfew-Override").contains { !$0.isEmpty }
    }

    /// Rules about what may stand in one commit together.
    private func shape() -> [String] {
        var reasons = unreadable() + oddNames()
        let changes = step.commit.changes
        if step.commit.parents.count > 2 {
            reasons.append("commit \(step.commit.id.short) merges several branches at once; merge them one after the other")
        }
        let added = changes.first { $0.new != nil && $0.isIn("grants") }
        if let added, let other = changes.first(where: { !$0.isIn("grants") }) {
            reasons.append(
                "a grant comes alone: this changes \(Told.quoted(added.path)) and also \(Told.quoted(other.path)); make two requests of it"
            )
        }
        for change in changes where change.new != nil && !change.isPlain && (change.isIn("grants") || change.isIn("policies")) {
            reasons.append("\(Told.quoted(change.path)) is a symbolic link or a submodule; policies and grants are plain files")
        }
        return reasons
    }

    private static func limited(_ reasons: [String]) -> [String] {
        var seen: Set<String> = []
        let unique = reasons.filter { seen.insert($0).inserted }
        return unique.count > 50 ? unique.prefix(50) + ["and \(unique.count - 50) more"] : unique
    }
}
