import CurfewModel

extension TrustJudge {
    struct Wait {
        var until: Instant
        var reason: String
    }

    /// Judges every changed path by every policy that speaks of it. What takes a grant off is no such path: no policy, freeze
    /// or broken file delays a revocation.
    func judgePaths(_ contributors: Set<Name>, _ approvers: [(name: Name, at: Instant)], _ merger: Name?) -> (
        failures: [String], waits: [Wait], counted: [Name]
    ) {
        var failures = emptied(by: contributors)
        var waits: [Wait] = []
        var counted: Set<Name> = []
        let compiled = policies.changePolicies.values.sorted { $0.name < $1.name }.map { ($0, $0.paths.map(Glob.init)) }
        var concerned: [Name: RepositoryPath] = [:]
        for change in step.commit.changes where !(change.new == nil && change.isIn("grants")) {
            var isCovered = false
            for (policy, globs) in compiled where globs.contains(where: { $0.matches(change.path) }) {
                isCovered = true
                concerned[policy.name] = concerned[policy.name] ?? change.path
            }
            if change.isIn("policies"), !isCovered || policiesAreBroken {
                let others = contributors.subtracting(rules.owners)
                if !others.isEmpty || contributors.isEmpty {
                    failures.append(
                        "\(Told.quoted(change.path)) may only be changed by an owner (\(Told.names(rules.owners)))"
                            + (others.isEmpty ? "" : ", not by \(Told.names(others))")
                            + (policiesAreBroken
                                ? ": policies/ is broken, and only owners may mend it" : "; no ChangePolicy speaks of it"))
                }
            } else if policiesAreBroken, isCovered {
                failures.append(
                    "\(Told.quoted(change.path)) is protected, and policies/ is broken: an owner has to mend that first")
            }
        }
        guard !policiesAreBroken else { return (failures, [], []) }
        for (policy, _) in compiled {
            guard let path = concerned[policy.name] else { continue }
            let authors = policies.members(of: policy.authors)
            let strangers = contributors.subtracting(authors)
            if !strangers.isEmpty || contributors.isEmpty {
                failures.append(
                    "policy \(policy.name): \(Told.quoted(path)) may be changed by \(Told.names(authors))"
                        + (strangers.isEmpty ? "" : ", not by \(Told.names(strangers))"))
            }
            let reviewers = policies.members(of: policy.approvals.from)
            if let merger, !contributors.contains(merger), !authors.contains(merger), !reviewers.contains(merger) {
                failures.append(
                    "policy \(policy.name): \(merger) may neither write nor approve changes of \(Told.quoted(path))")
            }
            let known = approvers.filter { reviewers.contains($0.name) }
            let good = known.filter { $0.at + policy.approvals.validFor >= mergedAt }.map(\.name)
            counted.formUnion(good)
            if good.count < policy.approvals.count {
                let missing = policy.approvals.count - good.count
                let could = reviewers.subtracting(contributors).subtracting(good)
                let old = known.map(\.name).filter { !good.contains($0) }
                failures += old.map {
                    "policy \(policy.name): the approval of \($0) is older than \(policy.approvals.validFor); approve again"
                }
                failures.append(
                    "policy \(policy.name): \(Told.quoted(path)) needs \(policy.approvals.count) approvals and has \(good.count); ask \(missing) of \(Told.names(could)) to run `curfew approve \(step.commit.id.short)`"
                )
            }
            waits += closed(policy)
        }
        return (failures, waits, approvers.map(\.name).filter(counted.contains))
    }

    /// The freezes that are on now for any of these paths.
    func freezes(of paths: Set<RepositoryPath>) -> [Wait] {
        policies.changePolicies.values.sorted { $0.name < $1.name }.flatMap { policy -> [Wait] in
            let globs = policy.paths.map(Glob.init)
            guard paths.contains(where: { path in globs.contains { $0.matches(path) } }) else { return [] }
            return frozen(policy)
        }
    }

    private func frozen(_ policy: ChangePolicy) -> [Wait] {
        policy.freezes.filter { $0.from <= now && now < $0.to }.map { freeze in
            Wait(
                until: freeze.to,
                reason:
                    "policy \(policy.name): nothing is taken until \(freeze.to.text): \(freeze.reason.escapingControls); an owner may override it with the trailer `Curfew-Override: <reason>`"
            )
        }
    }

    private func closed(_ policy: ChangePolicy) -> [Wait] {
        var waits = frozen(policy)
        if !policy.windows.isEmpty, !policy.windows.contains(where: { $0.isOpen(at: now) }) {
            let next = policy.windows.compactMap { $0.opens(after: now) }.min() ?? now + .seconds(86_400)
            waits.append(Wait(until: next, reason: "policy \(policy.name): its window is closed until \(next.text)"))
        }
        return waits
    }
}
