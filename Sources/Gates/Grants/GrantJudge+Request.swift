import CurfewModel

/// What is asked of every grant, whichever policy lets it through.
extension GrantJudge {
    static let replayed = GateResult(
        gate: "replay", passes: false,
        text: "this grant was on the branch before and has ended; write a new one (another file content)")

    func path(_ item: GrantCase) -> GateResult {
        let others = item.step.commit.changes.filter { !$0.path.isBelow("grants") }
        guard others.isEmpty else {
            return GateResult(
                gate: "path", passes: false,
                text: "a grant comes alone; commit \(item.step.commit.id.short) also changes \(Told.quoted(others[0].path))")
        }
        return GateResult(gate: "path", passes: true, text: "\(item.file.path), and nothing else changed with it")
    }

    /// Commits that brought content: what a merge took, and the step itself unless it only took.
    func contributing(_ item: GrantCase) -> [CommitFacts] {
        item.step.mergesOnly ? item.step.merged : item.step.merged + [item.step.commit]
    }

    /// The requester writes the request: whoever brought this very blob signed it and is the person it is for.
    func signer(_ item: GrantCase) -> GateResult {
        let grant = item.file.grant
        let signing = Signing(policies: policies, rules: rules, now: item.firstSeen)
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

    func role(_ grant: Grant) -> GateResult {
        if policies.roles[grant.role] == nil {
            return GateResult(gate: "role", passes: false, text: "there is no role \(grant.role) in policies/")
        }
        return GateResult(gate: "role", passes: true, text: "\(grant.role)")
    }

    /// What the backends say to the settings; whether they can end access by themselves is for each policy to judge.
    func backendGates(_ grant: Grant) -> [GateResult] {
        guard let backends, let role = policies.roles[grant.role] else { return [] }
        var texts: [String] = []
        for bind in role.binds {
            guard let backend = backends[bind.backend] else {
                texts.append("the service has no access backend \(bind.backend)")
                continue
            }
            guard let person = policies.persons[grant.person] else { continue }
            texts += backend.problems(bind.with, person).map { "\(bind.backend): \($0)" }
        }
        return texts.map { GateResult(gate: "backend", passes: false, text: $0) }
    }
}
