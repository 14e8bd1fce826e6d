import CurfewModel

/// Judges all grants of a revision.
struct GrantJudge {
    let policies: PolicySet
    let parents: [ObjectID: PolicySet]
    let policiesAreBroken: Bool
    let rules: TrustRules
    let backends: [Name: BackendFacts]?
    let approvals: [ApprovalTag]
    let running: Set<GrantID>
    let history: BreakGlassHistory
    let now: Instant

    /// Oldest first, so that of two that only one may have it is the first that asked.
    func verdicts(on cases: [GrantCase]) -> [GrantVerdict] {
        let order = cases.sorted {
            ($0.step.commit.committer.at, $0.file.id) < ($1.step.commit.committer.at, $1.file.id)
        }
        var live: [(person: Name, role: Name)] = []
        var result: [GrantVerdict] = []
        for item in order {
            let verdict = judge(item, live: live)
            switch verdict.state {
            case .active, .scheduled: live.append((item.file.grant.person, item.file.grant.role))
            case .pending, .refused, .ended: break
            }
            result.append(verdict)
        }
        return result.sorted { $0.id < $1.id }
    }

    private func judge(_ item: GrantCase, live: [(person: Name, role: Name)]) -> GrantVerdict {
        let grant = item.file.grant
        if running.contains(item.file.id) { return running(item) }
        var gates = [path(item), signer(item), role(grant)]
        if policiesAreBroken {
            gates.append(
                GateResult(
                    gate: "policies", passes: false,
                    text: "policies/ is broken; no new grant begins until an owner has mended it"))
        }
        let candidates = policies.accessPolicies.values.filter { $0.roles.contains(grant.role) }.sorted { $0.name < $1.name }
        let judged = candidates.map { (policy: $0, judgement: judgePolicy($0, item, live: live)) }
        // The first that lets it through; else the one with the fewest objections.
        let best =
            judged.first { $0.judgement.gates.allSatisfy { $0.passes == true } }
            ?? judged.min { left, right in
                func weight(_ gates: [GateResult]) -> Int {
                    gates.reduce(0) { $0 + ($1.passes == false ? 100 : $1.passes == nil ? 1 : 0) }
                }
                return weight(left.judgement.gates) < weight(right.judgement.gates)
            }
        if let best {
            gates += best.judgement.gates
        } else {
            gates.append(GateResult(gate: "eligible", passes: false, text: "no AccessPolicy speaks of the role \(grant.role)"))
        }
        gates += backendGates(item, best?.policy)
        let times = times(item, approvedAt: best?.judgement.approvedAt)
        gates += times.gates
        return GrantVerdict(
            id: item.file.id, state: state(gates, times), gates: gates, policy: best?.policy.name,
            approvedBy: best?.judgement.approvedBy ?? [], couldApprove: best?.judgement.couldApprove ?? [])
    }

    private func state(_ gates: [GateResult], _ times: (start: Instant, end: Instant, gates: [GateResult]))
        -> GrantVerdict.State
    {
        if gates.contains(where: { $0.passes == false }) { return .refused }
        if gates.contains(where: { $0.passes == nil }) { return .pending }
        if now >= times.end { return .ended(at: times.end) }
        return now < times.start ? .scheduled(start: times.start, end: times.end) : .active(start: times.start, end: times.end)
    }

    /// A grant that is active already goes on to its end; only its person's or role's going ends it before.
    private func running(_ item: GrantCase) -> GrantVerdict {
        let grant = item.file.grant
        let candidates = policies.accessPolicies.values.filter { $0.roles.contains(grant.role) }.sorted { $0.name < $1.name }
        let approvedAt = candidates.compactMap { approvals(for: item, $0).completedAt }.min()
        let times = times(item, approvedAt: approvedAt)
        let isGone = !policiesAreBroken && (policies.persons[grant.person] == nil || policies.roles[grant.role] == nil)
        let gates =
            isGone
            ? [GateResult(gate: "role", passes: false, text: "\(grant.person) or \(grant.role) is not in policies/ any more")]
            : []
        let end = item.endedEarly.map { min($0, times.end) } ?? times.end
        let state: GrantVerdict.State =
            isGone ? .ended(at: now) : now >= end ? .ended(at: end) : .active(start: times.start, end: end)
        return GrantVerdict(
            id: item.file.id, state: state, gates: gates, policy: candidates.first?.name,
            approvedBy: candidates.first.map { approvals(for: item, $0).names } ?? [])
    }

    /// Start and end by history alone, and never later than first sight allows. Back-dating only shortens.
    func times(_ item: GrantCase, approvedAt: Instant?) -> (start: Instant, end: Instant, gates: [GateResult]) {
        let grant = item.file.grant
        var start = item.step.commit.committer.at
        if let approvedAt { start = max(start, approvedAt) }
        var gates: [GateResult] = []
        if start > item.firstSeen + rules.tolerance, start > now + rules.tolerance {
            gates.append(
                GateResult(
                    gate: "start", passes: false,
                    text: "it was committed or approved at \(start.text), which is in the future; set that clock right"))
        }
        if let moment = grant.notBefore { start = max(start, moment) }
        let seen = max(item.firstSeen, grant.notBefore ?? item.firstSeen)
        let end = min(start + grant.duration, seen + grant.duration)
        if gates.isEmpty {
            gates.append(GateResult(gate: "start", passes: true, text: "from \(start.text) to \(end.text)"))
        }
        return (start, end, gates)
    }

    private func path(_ item: GrantCase) -> GateResult {
        let others = item.step.commit.changes.filter { !$0.path.hasPrefix("grants/") }
        guard others.isEmpty else {
            return GateResult(
                gate: "path", passes: false,
                text: "a grant comes alone; commit \(item.step.commit.id.short) also changes \(Told.quoted(others[0].path))")
        }
        return GateResult(gate: "path", passes: true, text: "\(item.file.path), and nothing else changed with it")
    }

    /// Commits that brought content: all of a merge's, or the step's own.
    func contributing(_ item: GrantCase) -> [CommitFacts] { item.step.merged.isEmpty ? [item.step.commit] : item.step.merged }

    /// The requester writes the request: whoever brought this very blob signed it and is the person it is for.
    private func signer(_ item: GrantCase) -> GateResult {
        let grant = item.file.grant
        let signing = Signing(policies: policies, rules: rules, now: max(item.firstSeen, min(now, item.firstSeen)))
        let writers = contributing(item).filter { commit in
            commit.changes.contains { $0.path == item.file.path && $0.new == item.file.blob && !$0.isFromMergedParent }
        }
        guard !writers.isEmpty else {
            return GateResult(gate: "signer", passes: false, text: "no signed commit of \(grant.person) wrote this file")
        }
        for commit in writers {
            let (signer, reasons) = signing.examine(commit)
            if let first = reasons.first { return GateResult(gate: "signer", passes: false, text: first) }
            guard signer == grant.person else {
                return GateResult(
                    gate: "signer", passes: false,
                    text:
                        "it is for \(grant.person), and \(signer?.rawValue ?? "nobody") signed commit \(commit.id.short); people ask for themselves"
                )
            }
        }
        return GateResult(gate: "signer", passes: true, text: "signed by \(grant.person)")
    }

    private func role(_ grant: Grant) -> GateResult {
        if policies.roles[grant.role] == nil {
            return GateResult(gate: "role", passes: false, text: "there is no role \(grant.role) in policies/")
        }
        return GateResult(gate: "role", passes: true, text: "\(grant.role)")
    }

    private func backendGates(_ item: GrantCase, _ policy: AccessPolicy?) -> [GateResult] {
        guard let backends, let role = policies.roles[item.file.grant.role] else { return [] }
        var gates: [GateResult] = []
        for bind in role.binds {
            guard let backend = backends[bind.backend] else {
                gates.append(
                    GateResult(gate: "backend", passes: false, text: "the service has no access backend \(bind.backend)"))
                continue
            }
            if let person = policies.persons[item.file.grant.person] {
                for problem in backend.problems(bind.with, person) {
                    gates.append(GateResult(gate: "backend", passes: false, text: "\(bind.backend): \(problem)"))
                }
            }
            if policy?.requireSelfExpiry == true, !backend.selfExpiring {
                gates.append(
                    GateResult(
                        gate: "expiry", passes: false,
                        text:
                            "\(bind.backend) cannot end access by itself, and policy \(policy?.name.rawValue ?? "") requires that"
                    ))
            } else {
                let how = backend.selfExpiring ? "ends by itself there" : "is ended by Curfew alone"
                gates.append(GateResult(gate: "expiry", passes: true, text: "\(bind.backend): \(how)"))
            }
        }
        return gates
    }
}
