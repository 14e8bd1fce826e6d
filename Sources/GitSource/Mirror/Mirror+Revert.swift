internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// Makes (and does not push) the commit that takes `commit` back on top of `tip`; of a merge, what it brought to its
    /// first parent.
    /// - Parameter subject: the first line; `nil` = `Revert "<the commit's>"`.
    /// - Throws: ``GitError`` with code `conflict` naming the paths, when later commits changed the same lines.
    public func makeRevert(of commit: ObjectID, onto tip: ObjectID, subject: String?, body: String, at now: Instant) throws
        -> ObjectID
    {
        try makeRevert(of: [commit], onto: tip, subject: subject, body: body, at: now)
    }

    /// The same for several commits of the branch, in one commit, the newest taken back first. Its message names each of them
    /// by a trailer `Curfew-Revert`.
    public func makeRevert(of commits: [ObjectID], onto tip: ObjectID, subject: String?, body: String, at now: Instant) throws
        -> ObjectID
    {
        let names = commits.map(\.short).joined(separator: ", ")
        guard let ordered = commits.count == 1 ? commits : try newestFirst(commits, from: tip), let newest = ordered.first
        else {
            throw GitError(.conflict, operation: "revert", subject: names, "not all of it is on the branch's own line")
        }
        let tree = try treeTakingBack(ordered, from: tip)
        guard try commit(tip).tree != tree else {
            throw GitError(
                .conflict, operation: "revert", subject: names, "it changes nothing any more: it was reverted already")
        }
        let summary = String(try commit(newest).summary.escapingControls.prefix(60))
        let title = subject ?? "Revert \"\(summary)\"" + (ordered.count > 1 ? " and \(ordered.count - 1) more" : "")
        return try write(message: "\(title)\n\n\(Self.naming(ordered, body))", tree: tree, parent: tip, at: now)
    }

    /// The commits that `id` takes back exactly, by its trailers `Curfew-Revert`: computed anew and compared tree by tree.
    public func revertTargets(of id: ObjectID) throws -> [ObjectID] {
        let info = try commit(id)
        let values = info.trailers("Curfew-Revert")
        let named = values.compactMap { ObjectID($0) }
        guard info.parents.count == 1, let parent = info.parents.first, !named.isEmpty, named.count == values.count,
            named.count <= Self.mostReverted, let ordered = try newestFirst(named, from: parent),
            try ordered.allSatisfy({ try !commit($0).parents.isEmpty })
        else { return [] }
        return (try? treeTakingBack(ordered, from: parent)) == info.tree ? named : []
    }

    /// Most commits that one commit takes back.
    private static var mostReverted: Int { 100 }

    /// The body with a trailer for each commit that it does not name yet.
    private static func naming(_ commits: [ObjectID], _ body: String) -> String {
        let lines = body.split(whereSeparator: \.isNewline)
        let missing = commits.map { "Curfew-Revert: \($0)" }.filter { !lines.contains($0[...]) }
        guard !missing.isEmpty else { return body }
        let text = String(body.reversed().drop(while: \.isNewline).reversed())
        let gap = text.isEmpty ? "" : lines.contains { $0.hasPrefix("Curfew-Revert: ") } ? "\n" : "\n\n"
        return text + gap + missing.joined(separator: "\n") + "\n"
    }

    /// The commits as they lie on the line of first parents below `tip`; `nil` when one of them does not, or comes twice.
    private func newestFirst(_ commits: [ObjectID], from tip: ObjectID) throws -> [ObjectID]? {
        var rest = Set(commits)
        guard rest.count == commits.count else { return nil }
        var ordered: [ObjectID] = []
        var (next, length): (ObjectID?, Int) = (tip, 0)
        while let id = next, !rest.isEmpty, length < 10_000 {
            if rest.remove(id) != nil { ordered.append(id) }
            next = try firstParent(of: id)
            length += 1
        }
        return rest.isEmpty ? ordered : nil
    }

    /// The tree of `tip` without what the commits did, taken back one after the other.
    private func treeTakingBack(_ commits: [ObjectID], from tip: ObjectID) throws -> ObjectID {
        var tree = try commit(tip).tree
        for id in commits {
            let info = try commit(id)
            tree = try merge(tree, from: info.tree, to: try info.parents.first.map { try commit($0).tree }, id)
        }
        return tree
    }

    /// What `ours` becomes when the way from one tree to another is gone as well.
    private func merge(_ ours: ObjectID, from: ObjectID, to: ObjectID?, _ id: ObjectID) throws -> ObjectID {
        try withRepository { repository in
            func lookup(_ tree: ObjectID) throws -> OpaquePointer? {
                var pointer: OpaquePointer?
                var oid = git_oid(tree)
                try LibGit2.check(git_tree_lookup(&pointer, repository, &oid), "read tree of", id.short)
                return pointer
            }
            let old = try lookup(from)
            defer { git_tree_free(old) }
            let mine = try lookup(ours)
            defer { git_tree_free(mine) }
            let new = try to.map { try lookup($0) } ?? nil
            defer { git_tree_free(new) }
            var index: OpaquePointer?
            try LibGit2.check(git_merge_trees(&index, repository, old, mine, new, nil), "revert", id.short)
            defer { git_index_free(index) }
            if git_index_has_conflicts(index) == 1 {
                let paths = Self.conflicts(in: index).prefix(5).joined(separator: ", ")
                throw GitError(
                    .conflict, operation: "revert", subject: id.short, "later commits changed the same lines of \(paths)")
            }
            var oid = git_oid()
            try LibGit2.check(git_index_write_tree_to(&oid, index, repository), "write tree of", id.short)
            guard let tree = ObjectID(oid) else {
                throw GitError(.corrupt, operation: "revert", subject: id.short, "no tree")
            }
            return tree
        }
    }

    private static func conflicts(in index: OpaquePointer?) -> [String] {
        var iterator: OpaquePointer?
        guard git_index_conflict_iterator_new(&iterator, index) == 0 else { return [] }
        defer { git_index_conflict_iterator_free(iterator) }
        var paths: [String] = []
        var (ancestor, ours, theirs):
            (UnsafePointer<git_index_entry>?, UnsafePointer<git_index_entry>?, UnsafePointer<git_index_entry>?)
        (ancestor, ours, theirs) = (nil, nil, nil)
        while git_index_conflict_next(&ancestor, &ours, &theirs, iterator) == 0 {
            if let path = (ours ?? theirs ?? ancestor)?.pointee.path { paths.append(String(cString: path).escapingControls) }
        }
        return paths
    }
}
