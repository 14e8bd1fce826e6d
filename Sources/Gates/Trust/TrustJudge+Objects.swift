import CurfewModel

/// What a commit's own bytes may not be, whoever signed it.
extension TrustJudge {
    /// Why the commit, or one that it merges, cannot be judged at all.
    func unreadable() -> [String] {
        ([step.commit] + step.merged).flatMap { commit in
            commit.problems.map { "commit \(commit.id.short) is not as Git writes it: \($0)" }
        }
    }

    /// Names that policies, grants and manifests may not have, in what the commit brings.
    func oddNames() -> [String] {
        step.commit.changes.filter { $0.new != nil && !$0.hasPlainNames }.map {
            "\(Told.quoted($0.path)): the names of policies, grants and manifests are made of A-Z, a-z, 0-9, '.', '_' and '-' alone; rename it"
        }
    }

    /// That policies/ holds nothing any more is for owners to decide, whatever a ChangePolicy says: it takes that policy away too.
    func emptied(by contributors: Set<Name>) -> [String] {
        guard step.commit.emptiesPolicies else { return [] }
        let others = contributors.subtracting(rules.owners)
        guard contributors.isEmpty || !others.isEmpty else { return [] }
        return [
            "nothing is left in policies/ after this; only an owner (\(Told.names(rules.owners))) may take the last policy away"
        ]
    }
}

extension PathChange {
    /// Whether each name on the way is one that policies, grants and manifests may have; true for what is none of these.
    var hasPlainNames: Bool {
        let names = path.names
        switch names.first {
        case "policies", "grants": break
        case "manifests":
            // Among manifests there may be artifacts, whose files are called as they like.
            guard let last = names.last, last.ends(with: ".yaml") || last.ends(with: ".yml") else { return true }
        default: return true
        }
        return names.allSatisfy(\.isPlain)
    }
}
