import CurfewModel

/// Whether a grant that is active may go on. Everything by which it was given has to stand by the policies in force, and
/// so has everything that it gives; the hours of a window and the reviews of other grants are asked for at its beginning alone.
extension GrantJudge {
    func judgeRunning(_ item: GrantCase, live: [Live]) -> GrantVerdict {
        let grant = item.file.grant
        let judged = candidates(grant).map { standing(item, by: $0, live: live) }
        // The one that lets it go on longest; else the one with the fewest objections.
        let passing = judged.filter { $0.objections == 0 }.max { $0.times.end < $1.times.end }
        let best = passing ?? judged.min { $0.objections < $1.objections }
        var gates: [GateResult] = []
        // With policies that cannot be read, and none before them, nobody is known: that takes nothing away.
        if !(policiesAreBroken && policies.persons.isEmpty) {
            gates = [person(grant), signer(item), role(grant)] + rights(item) + backendGates(grant)
            gates +=
                best?.gates ?? [
                    GateResult(gate: "eligible", passes: false, text: "no AccessPolicy speaks of the role \(grant.role)")
                ]
        }
        let lost = gates.filter { $0.passes == false }
        var end = best?.times.end ?? times(item, approvedAt: nil).end
        if let early = item.endedEarly { end = min(end, early) }
        let state: GrantVerdict.State =
            !lost.isEmpty
            ? .ended(at: now)
            : now >= end ? .ended(at: end) : .active(start: best?.times.start ?? item.firstSeen, end: end)
        return GrantVerdict(
            id: item.file.id, state: state, gates: lost, policy: best?.policy, approvedBy: best?.approvedBy ?? [])
    }

    private func person(_ grant: Grant) -> GateResult {
        let isKnown = policies.persons[grant.person] != nil
        return GateResult(
            gate: "role", passes: isKnown,
            text: isKnown ? "\(grant.person)" : "\(grant.person) is not in policies/ any more")
    }

    /// What one policy says to a grant that it, or another one, let through. What the policy has not changed since is not
    /// asked again.
    private func standing(_ item: GrantCase, by policy: AccessPolicy, live: [Live]) -> PolicyJudgement {
        let grant = item.file.grant
        let before = bases[item.file.id]?.accessPolicies[policy.name]
        let agreement = agreement(for: item, policy)
        // A review that comes later moves nothing.
        var times = times(item, approvedAt: grant.breakGlass ? nil : agreement.completedAt)
        if let start = item.terms?.start { times.start = start }
        let longest = grant.breakGlass ? policy.breakGlass?.maxDuration ?? .zero : policy.maxDuration
        let limit = times.start + longest
        var gates = [eligible(policy, grant)]
        // Who was given more than the policy allows now has what is left of it.
        if limit < times.end {
            times.end = limit
            gates.append(
                GateResult(
                    gate: "duration", passes: now < limit, text: "policy \(policy.name) allows at most \(longest)"))
        }
        if before?.reasonPattern != policy.reasonPattern { gates.append(reason(policy, grant)) }
        if let before, before.windows != policy.windows {
            gates.append(window(policy, at: max(times.start, item.firstSeen)))
        }
        if let before, before.maxConcurrent != policy.maxConcurrent { gates.append(concurrency(policy, grant, live)) }
        if grant.breakGlass {
            if policy.breakGlass == nil {
                gates.append(
                    GateResult(gate: "breakGlass", passes: false, text: "policy \(policy.name) has no break-glass any more"))
            }
        } else if let gate = approvals(policy, item, agreement.names) {
            gates.append(gate)
        }
        gates += expiry(policy, grant)
        return PolicyJudgement(policy: policy.name, gates: gates, times: times, approvedBy: agreement.names)
    }

    /// An approval that counted when the grant began goes on to count, however old it gets and whatever becomes of its tag,
    /// while its key is its person's and the person may still approve such a grant.
    private func approvals(_ policy: AccessPolicy, _ item: GrantCase, _ names: [Name]) -> GateResult? {
        guard let counted = item.terms?.approvals else { return nil }
        let allowed = approvers(for: item, policy)
        let standing = Set(names).union(
            counted.filter { name, key in
                allowed.contains(name) && policies.person(signingWith: key)?.name == name
            }.keys)
        let needed = policy.approvals.count
        return GateResult(
            gate: "approvals", passes: standing.count >= needed,
            text: standing.count >= needed
                ? "approved by \(Told.names(standing.sorted()))"
                : "policy \(policy.name) asks for \(needed) approvals, and of those of \(item.file.grant.name) \(standing.count) still count"
        )
    }

    /// What was given over keys, accounts and rights that are not there any more.
    private func rights(_ item: GrantCase) -> [GateResult] {
        let grant = item.file.grant
        guard let base = bases[item.file.id], base != policies, let before = base.persons[grant.person],
            let person = policies.persons[grant.person]
        else { return [] }
        var lost: [String] = []
        for key in before.loginKeys where !person.loginKeys.contains(key) {
            lost.append("\(grant.person)'s login key \(Self.shown(key)) is not in policies/ any more")
        }
        for (host, account) in before.accounts.sorted(by: { $0.key < $1.key }) where person.accounts[host] != account {
            lost.append("\(grant.person)'s account \(Told.quoted(account)) (\(host)) is not in policies/ any more")
        }
        for key in signed(item) {
            guard let now = person.signingKeys.first(where: { $0.key == key }), !now.isValid(at: self.now),
                let then = before.signingKeys.first(where: { $0.key == key }), now != then
            else { continue }
            lost.append("the key \(Self.shown(key)), which signed the request, does not count any more")
        }
        if let old = base.roles[grant.role], let role = policies.roles[grant.role], old != role {
            for bind in old.binds where !BindScope.covers(role.binds, bind) {
                lost.append("the role \(grant.role) gives less on \(bind.backend) than it did")
            }
            for name in old.touches where !role.touches.contains(name) {
                lost.append("the role \(grant.role) does not reach into \(name) any more")
            }
        }
        return lost.map { GateResult(gate: "rights", passes: false, text: $0) }
    }

    /// The keys that signed what brought the request.
    private func signed(_ item: GrantCase) -> Set<SSHPublicKey> {
        var keys: Set<SSHPublicKey> = []
        for commit in contributing(item) {
            if case .good(let key) = commit.signature { keys.insert(key) }
        }
        return keys
    }

    /// A key as people tell it apart: its type and its last digits.
    private static func shown(_ key: SSHPublicKey) -> String { "\(key.type) …\(key.body.suffix(12))" }
}
