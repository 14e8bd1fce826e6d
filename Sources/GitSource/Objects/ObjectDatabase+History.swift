import CurfewModel

/// Walks through history that libgit2 does not follow: it stops at a commit with a malformed line, and Git does not. Slower, since
/// nothing but parents is looked at.
extension ObjectDatabase {
    /// Whether `older` is `newer` or one of its ancestors.
    func isAncestor(_ older: ObjectID, of newer: ObjectID) throws -> Bool {
        var found = false
        try visit(from: [newer]) { id in
            if id == older { found = true }
            return found ? .stop : .goOn
        }
        return found
    }

    /// The commits that are reachable from `tips` and not from `base`, children before their parents; `nil` when there are more
    /// than `limit`.
    func commits(from tips: [ObjectID], notFrom base: ObjectID, limit: Int) throws -> [ObjectID]? {
        var hidden: Set<ObjectID> = []
        try visit(from: [base]) { id in
            hidden.insert(id)
            return .goOn
        }
        var children: [ObjectID: Int] = [:]
        var found: [ObjectID: [ObjectID]] = [:]
        try visit(from: tips) { id in
            guard !hidden.contains(id) else { return .skip }
            guard found.count < limit else { return .stop }
            let parents = try commit(id).parents.filter { !hidden.contains($0) }
            found[id] = parents
            for parent in parents { children[parent, default: 0] += 1 }
            return .goOn
        }
        // One that was looked at last and not taken shows that there are more.
        guard found.values.allSatisfy({ $0.allSatisfy { found[$0] != nil } }) else { return nil }
        var (ready, ordered): ([ObjectID], [ObjectID]) = (
            tips.filter { found[$0] != nil && children[$0] == nil }.reversed(), []
        )
        while let next = ready.popLast() {
            ordered.append(next)
            for parent in (found[next] ?? []).reversed() {
                children[parent, default: 1] -= 1
                if children[parent] == 0 { ready.append(parent) }
            }
        }
        return ordered
    }

    private enum Way { case goOn, skip, stop }

    /// Each commit once, in no order.
    private func visit(from tips: [ObjectID], _ body: (ObjectID) throws -> Way) throws {
        var (waiting, seen) = (tips, Set(tips))
        while let id = waiting.popLast() {
            switch try body(id) {
            case .stop: return
            case .skip: continue
            case .goOn: for parent in try commit(id).parents where seen.insert(parent).inserted { waiting.append(parent) }
            }
        }
    }
}
