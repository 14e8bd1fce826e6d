import CurfewModel

/// Judges all grants of a revision.
struct GrantJudge {
    let policies: PolicySet
    let parents: [ObjectID: PolicySet]
    let policiesAreBroken: Bool
    let rules: TrustRules
    let backends: [Name: BackendFacts]?
    /// Tags by what they name.
    let tags: [ObjectID: [ApprovalTag]]
    let running: Set<GrantID>
    /// The policies in force when what is running was given.
    let bases: [GrantID: PolicySet]
    let history: BreakGlassHistory
    let now: Instant

    /// What runs first, then by first sight: of two that only one may have it is the first that asked, and no date that a
    /// commit claims goes before what Curfew saw earlier.
    func verdicts(on cases: [GrantCase]) -> [GrantVerdict] {
        func place(_ item: GrantCase) -> (Int, Instant, Instant, GrantID) {
            (running.contains(item.file.id) ? 0 : 1, item.firstSeen, item.step.commit.committer.at, item.file.id)
        }
        var live: [Live] = []
        var result: [GrantVerdict] = []
        for item in cases.sorted(by: { place($0) < place($1) }) {
            let verdict = running.contains(item.file.id) ? judgeRunning(item, live: live) : judge(item, live: live)
            switch verdict.state {
            case .active, .scheduled: live.append(Live(file: item.file, isNew: !running.contains(item.file.id)))
            case .pending, .refused, .ended: break
            }
            result.append(verdict)
        }
        return result.sorted { $0.id < $1.id }
    }

    /// A grant that has its place already when the next one is judged.
    struct Live {
        var file: GrantFile
        /// Not made real before: the history of break-glass does not know it yet.
        var isNew: Bool
    }

    private func judge(_ item: GrantCase, live: [Live]) -> GrantVerdict {
        let grant = item.file.grant
        var gates = [path(item), signer(item), role(grant)]
        if item.isReplayed { gates.append(Self.replayed) }
        if policiesAreBroken {
            gates.append(
                GateResult(
                    gate: "policies", passes: false,
                    text: "policies/ is broken; no new grant begins until an owner has mended it"))
        }
        let judged = candidates(grant).map { judge(item, by: $0, live: live) }
        // The first that lets it through; else the one with the fewest objections.
        let best = judged.first { $0.objections == 0 } ?? judged.min { $0.objections < $1.objections }
        let times = best?.times ?? times(item, approvedAt: nil)
        gates +=
            best?.gates ?? [
                GateResult(gate: "eligible", passes: false, text: "no AccessPolicy speaks of the role \(grant.role)"),
                times.gate,
            ]
        gates += backendGates(grant)
        return GrantVerdict(
            id: item.file.id, state: state(of: item, gates, times), gates: gates, policy: best?.policy,
            approvedBy: best?.approvedBy ?? [], couldApprove: best?.couldApprove ?? [])
    }

    private func state(of item: GrantCase, _ gates: [GateResult], _ times: Times) -> GrantVerdict.State {
        if gates.contains(where: { $0.passes == false }) { return .refused }
        let end = item.endedEarly.map { min($0, times.end) } ?? times.end
        if let early = item.endedEarly, now >= early { return .ended(at: end) }
        if gates.contains(where: { $0.passes == nil }) { return .pending }
        if now >= end { return .ended(at: end) }
        return now < times.start ? .scheduled(start: times.start, end: end) : .active(start: times.start, end: end)
    }

    func candidates(_ grant: Grant) -> [AccessPolicy] {
        policies.accessPolicies.values.filter { $0.roles.contains(grant.role) }.sorted { $0.name < $1.name }
    }

    /// From when to when, and the gate that tells it.
    struct Times {
        var start: Instant
        var end: Instant
        var gate: GateResult
    }

    /// Start and end by history alone, and never later than first sight allows. Back-dating only shortens.
    func times(_ item: GrantCase, approvedAt: Instant?) -> Times {
        let grant = item.file.grant
        let claimed = max(item.step.commit.committer.at, approvedAt ?? item.step.commit.committer.at)
        let start = max(claimed, grant.notBefore ?? claimed)
        let seen = max(item.firstSeen, grant.notBefore ?? item.firstSeen)
        let end = min(start + grant.duration, seen + grant.duration)
        let isAhead = claimed > item.firstSeen + rules.tolerance && claimed > now + rules.tolerance
        let text =
            isAhead
            ? "it was committed or approved at \(claimed.text), which is in the future; set that clock right"
            : "from \(start.text) to \(end.text)"
        return Times(start: start, end: end, gate: GateResult(gate: "start", passes: !isAhead, text: text))
    }
}
