import CurfewModel

/// What one policy says to a grant.
extension GrantJudge {
    struct PolicyJudgement {
        var policy: Name
        var gates: [GateResult]
        var times: Times
        var approvedBy: [Name] = []
        var couldApprove: [Name] = []

        /// How much speaks against it; 0 = it lets the grant through.
        var objections: Int { gates.reduce(0) { $0 + ($1.passes == false ? 100 : $1.passes == nil ? 1 : 0) } }
    }

    func judge(_ item: GrantCase, by policy: AccessPolicy, live: [Live]) -> PolicyJudgement {
        let grant = item.file.grant
        let agreement = grant.breakGlass ? Agreement() : agreement(for: item, policy)
        let times = times(item, approvedAt: agreement.completedAt)
        // Never before Curfew saw what it decides by: a date that a commit or a tag claims opens no window.
        let opening = max(times.start, item.firstSeen, agreement.seenAt ?? item.firstSeen)
        var result = PolicyJudgement(
            policy: policy.name,
            gates: [
                eligible(policy, grant), duration(policy, grant), reason(policy, grant), window(policy, at: opening),
                concurrency(policy, grant, live),
            ], times: times)
        if grant.breakGlass {
            result.gates.append(breakGlass(policy, item.file, live))
        } else {
            result.approvedBy = agreement.names
            if agreement.names.count < policy.approvals.count {
                result.couldApprove = approvers(for: item, policy).subtracting(agreement.names).sorted()
            }
            result.gates.append(approvals(policy, grant, agreement, result.couldApprove))
        }
        result.gates += expiry(policy, grant)
        result.gates.append(times.gate)
        return result
    }

    func eligible(_ policy: AccessPolicy, _ grant: Grant) -> GateResult {
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

    func reason(_ policy: AccessPolicy, _ grant: Grant) -> GateResult {
        guard !grant.reason.isEmpty else { return GateResult(gate: "reason", passes: false, text: "there is no reason") }
        // Patterns are weighed for texts of this length (see PatternCost).
        guard grant.reason.utf8.count <= 512 else {
            return GateResult(gate: "reason", passes: false, text: "the reason is longer than 512 bytes")
        }
        guard let pattern = policy.reasonPattern else {
            return GateResult(gate: "reason", passes: true, text: Told.quoted(grant.reason))
        }
        let matches = (try? Regex(pattern).firstMatch(in: grant.reason)) != nil
        return GateResult(
            gate: "reason", passes: matches,
            text: matches
                ? Told.quoted(grant.reason)
                : "the reason \(Told.quoted(grant.reason)) does not look like \(Told.quoted(pattern))")
    }

    func window(_ policy: AccessPolicy, at start: Instant) -> GateResult {
        guard !policy.windows.isEmpty else { return GateResult(gate: "window", passes: true, text: "at any time") }
        if policy.windows.contains(where: { $0.isOpen(at: start) }) {
            return GateResult(gate: "window", passes: true, text: "open at \(start.text)")
        }
        let next = policy.windows.compactMap { $0.opens(after: now) }.min()
        return GateResult(
            gate: "window", passes: false,
            text: "policy \(policy.name) is closed at \(start.text)"
                + (next.map { "; it opens at \($0.text): ask with --start" } ?? ""))
    }

    func concurrency(_ policy: AccessPolicy, _ grant: Grant, _ live: [Live]) -> GateResult {
        guard let most = policy.maxConcurrent else { return GateResult(gate: "concurrency", passes: true, text: "no limit") }
        let count = live.count { $0.file.grant.person == grant.person && policy.roles.contains($0.file.grant.role) }
        return GateResult(
            gate: "concurrency", passes: count < most,
            text: count < most ? "\(count) of \(most) others" : "\(grant.person) has \(count) already; give one back first")
    }

    private func approvals(_ policy: AccessPolicy, _ grant: Grant, _ agreement: Agreement, _ could: [Name]) -> GateResult {
        let (needed, has) = (policy.approvals.count, agreement.names.count)
        if needed == 0 { return GateResult(gate: "approvals", passes: true, text: "none needed") }
        if has >= needed {
            return GateResult(gate: "approvals", passes: true, text: "approved by \(Told.names(agreement.names))")
        }
        // Nobody is left who could: it will not come by waiting.
        let isHopeless = could.count < needed - has
        return GateResult(
            gate: "approvals", passes: isHopeless ? false : nil,
            text:
                "needs \(needed) approvals and has \(has); who could: \(Told.names(could)) (`curfew approve \(grant.name)`)"
                + agreement.void.prefix(5).map { "; \($0)" }.joined()
        )
    }

    /// The same grant may go on; every other one of the person's waits for the review, one by the same name too.
    private func breakGlass(_ policy: AccessPolicy, _ file: GrantFile, _ live: [Live]) -> GateResult {
        let person = file.grant.person
        guard let terms = policy.breakGlass else {
            return GateResult(gate: "breakGlass", passes: false, text: "policy \(policy.name) has no break-glass")
        }
        let broken =
            history.unreviewed.filter { $0.value.person == person && $0.key != file.id }.map(\.key)
            + live.filter { $0.isNew && $0.file.grant.breakGlass && $0.file.grant.person == person }.map(\.file.id)
        if let open = broken.min() {
            return GateResult(
                gate: "breakGlass", passes: false,
                text:
                    "\(person) broke glass with \(open.name) and that was not reviewed yet; an approver runs `curfew approve \(open.name)` first"
            )
        }
        return GateResult(
            gate: "breakGlass", passes: true,
            text: "active at once; a review has to follow within \(terms.reviewWithin)")
    }

    func expiry(_ policy: AccessPolicy, _ grant: Grant) -> [GateResult] {
        guard let backends, let role = policies.roles[grant.role] else { return [] }
        return role.binds.compactMap { bind in
            guard let backend = backends[bind.backend] else { return nil }
            if backend.selfExpiring {
                return GateResult(gate: "expiry", passes: true, text: "\(bind.backend): ends by itself there")
            }
            return GateResult(
                gate: "expiry", passes: !policy.requireSelfExpiry,
                text: policy.requireSelfExpiry
                    ? "\(bind.backend) cannot end access by itself, and policy \(policy.name) requires that"
                    : "\(bind.backend): is ended by Curfew alone")
        }
    }
}
