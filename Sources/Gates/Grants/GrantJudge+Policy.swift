import CurfewModel

extension GrantJudge {
    /// What one policy says to a grant.
    struct PolicyJudgement {
        var gates: [GateResult]
        var approvedBy: [Name] = []
        var couldApprove: [Name] = []
        /// When the quorum was complete; `nil` when none is needed or it is not.
        var approvedAt: Instant?
    }

    func judgePolicy(_ policy: AccessPolicy, _ item: GrantCase, live: [(person: Name, role: Name)]) -> PolicyJudgement {
        let grant = item.file.grant
        var result = PolicyJudgement(gates: [eligible(policy, grant), duration(policy, grant), reason(policy, grant)])
        result.gates.append(window(policy, item))
        result.gates.append(concurrency(policy, grant, live))
        if grant.breakGlass {
            result.gates.append(breakGlass(policy, grant))
            return result
        }
        let quorum = approvals(for: item, policy)
        (result.approvedBy, result.approvedAt) = (quorum.names, quorum.completedAt)
        if policy.approvals.count == 0 {
            result.gates.append(GateResult(gate: "approvals", passes: true, text: "none needed"))
        } else if quorum.names.count >= policy.approvals.count {
            result.gates.append(GateResult(gate: "approvals", passes: true, text: "approved by \(Told.names(quorum.names))"))
        } else {
            result.couldApprove = policies.members(of: policy.approvals.from)
                .subtracting(excluded(item)).subtracting(quorum.names).sorted()
            let could = result.couldApprove
            // Nobody is left who could: it will not come by waiting.
            let isHopeless = could.count < policy.approvals.count - quorum.names.count
            result.gates.append(
                GateResult(
                    gate: "approvals", passes: isHopeless ? false : nil,
                    text:
                        "needs \(policy.approvals.count) approvals and has \(quorum.names.count); who could: \(Told.names(could)) (`curfew approve \(grant.name)`)"
                ))
        }
        return result
    }

    private func eligible(_ policy: AccessPolicy, _ grant: Grant) -> GateResult {
        let people = policies.members(of: policy.eligible)
        let text =
            people.contains(grant.person)
            ? "\(grant.person) may have \(grant.role) (policy \(policy.name))"
            : "\(grant.person) may not have \(grant.role) by policy \(policy.name); who may: \(Told.names(people))"
        return GateResult(gate: "eligible", passes: people.contains(grant.person), text: text)
    }

    private func duration(_ policy: AccessPolicy, _ grant: Grant) -> GateResult {
        let longest = grant.breakGlass ? policy.breakGlass?.maxDuration ?? .zero : policy.maxDuration
        guard grant.duration > .zero else {
            return GateResult(gate: "duration", passes: false, text: "the duration has to be more than nothing")
        }
        let fits = grant.duration <= longest
        return GateResult(
            gate: "duration", passes: fits,
            text: fits ? "\(grant.duration) of at most \(longest)" : "\(grant.duration) is more than \(longest); ask for less")
    }

    private func reason(_ policy: AccessPolicy, _ grant: Grant) -> GateResult {
        guard !grant.reason.isEmpty else { return GateResult(gate: "reason", passes: false, text: "there is no reason") }
        guard let pattern = policy.reasonPattern else {
            return GateResult(gate: "reason", passes: true, text: Told.quoted(grant.reason))
        }
        let matches = (try? Regex(pattern)).map { (try? $0.firstMatch(in: grant.reason.prefix(512).description)) ?? nil } ?? nil
        return GateResult(
            gate: "reason", passes: matches != nil,
            text: matches != nil
                ? Told.quoted(grant.reason)
                : "the reason \(Told.quoted(grant.reason)) does not look like \(Told.quoted(pattern))")
    }

    private func window(_ policy: AccessPolicy, _ item: GrantCase) -> GateResult {
        guard !policy.windows.isEmpty else { return GateResult(gate: "window", passes: true, text: "at any time") }
        let quorum = approvals(for: item, policy)
        let start = max(times(item, approvedAt: quorum.completedAt).start, now)
        if policy.windows.contains(where: { $0.isOpen(at: start) }) {
            return GateResult(gate: "window", passes: true, text: "open at \(start.text)")
        }
        let next = policy.windows.compactMap { $0.opens(after: now) }.min()
        return GateResult(
            gate: "window", passes: false,
            text: "policy \(policy.name) is closed at \(start.text)"
                + (next.map { "; it opens at \($0.text): ask with --start" } ?? ""))
    }

    private func concurrency(_ policy: AccessPolicy, _ grant: Grant, _ live: [(person: Name, role: Name)]) -> GateResult {
        guard let most = policy.maxConcurrent else { return GateResult(gate: "concurrency", passes: true, text: "no limit") }
        let count = live.count { $0.person == grant.person && policy.roles.contains($0.role) }
        return GateResult(
            gate: "concurrency", passes: count < most,
            text: count < most ? "\(count) of \(most) others" : "\(grant.person) has \(count) already; give one back first")
    }

    private func breakGlass(_ policy: AccessPolicy, _ grant: Grant) -> GateResult {
        guard policy.breakGlass != nil else {
            return GateResult(gate: "breakGlass", passes: false, text: "policy \(policy.name) has no break-glass")
        }
        if let open = history.unreviewed.first(where: { $0.value.person == grant.person && $0.key.name != grant.name }) {
            return GateResult(
                gate: "breakGlass", passes: false,
                text:
                    "\(grant.person) broke glass with \(open.key.name) and that was not reviewed yet; somebody else runs `curfew approve \(open.key.name)` first"
            )
        }
        return GateResult(
            gate: "breakGlass", passes: true,
            text: "active at once; a review has to follow within \(policy.breakGlass?.reviewWithin ?? .zero)")
    }

    /// Who cannot approve: the requester, and whoever wrote, committed or signed a part of the request.
    func excluded(_ item: GrantCase) -> Set<Name> {
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

    /// The approvals that count, each person once, in the order of their times; and when there were enough.
    func approvals(for item: GrantCase, _ policy: AccessPolicy) -> (names: [Name], completedAt: Instant?) {
        let excluded = excluded(item)
        var allowed = policies.members(of: policy.approvals.from).subtracting(excluded)
        // Who may approve is decided by the policies before the request came, and by those in force now.
        if let before = parents[item.step.commit.id], let old = before.accessPolicies[policy.name] {
            allowed.formIntersection(before.members(of: old.approvals.from))
        }
        let signing = Signing(policies: policies, rules: rules, now: now)
        var times: [Name: Instant] = [:]
        let step = item.step.commit
        if item.step.mergesOnly {
            let (signer, reasons) = signing.examine(step)
            if reasons.isEmpty, let signer, allowed.contains(signer) { times[signer] = step.committer.at }
        }
        for tag in approvals {
            guard let (name, at) = signing.approver(tag, of: [item.file.blob]), allowed.contains(name) else { continue }
            times[name] = min(times[name] ?? at, at)
        }
        let order = times.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        guard policy.approvals.count > 0, order.count >= policy.approvals.count else { return (order.map(\.key), nil) }
        return (order.map(\.key), order[policy.approvals.count - 1].value)
    }
}
