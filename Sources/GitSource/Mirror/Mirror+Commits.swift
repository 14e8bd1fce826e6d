internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// One commit.
    public func commit(_ id: ObjectID) throws -> CommitInfo {
        let object = try objectDatabase().commit(id)
        // One that names no tree still has parents; its tree is one that is never there.
        guard let tree = object.tree ?? ObjectID(String(repeating: "0", count: 40)) else {
            throw GitError(.corrupt, operation: "read commit", subject: id.hex, "it names no tree")
        }
        return CommitInfo(
            id: id, tree: tree, parents: object.parents, authorName: object.author.name, authorEmail: object.author.email,
            committerEmail: object.committer.email, committedAt: object.committer.at, message: object.message)
    }

    /// Whether `ancestor` is `commit` or one of its ancestors.
    public func isAncestor(_ ancestor: ObjectID, of commit: ObjectID) throws -> Bool {
        if ancestor == commit { return true }
        let answer = try withRepository { repository in
            var (older, newer) = (git_oid(ancestor), git_oid(commit))
            return git_graph_descendant_of(repository, &newer, &older)
        }
        if answer == GIT_ENOTFOUND.rawValue { return false }
        return answer < 0 ? try objectDatabase().isAncestor(ancestor, of: commit) : answer == 1
    }

    /// Whether `older` is `commit` or one of its first parents.
    /// - Parameters:
    ///   - floor: where the line is taken to begin; what lies below it does not count. `nil` = at its end.
    ///   - limit: how far down is looked.
    public func isOnLine(_ older: ObjectID, below commit: ObjectID, above floor: ObjectID? = nil, within limit: Int = 500_000)
        throws -> Bool
    {
        var (next, length): (ObjectID?, Int) = (commit, 0)
        while let id = next, length < limit {
            if id == older { return true }
            if id == floor { return false }
            next = try firstParent(of: id)
            length += 1
        }
        return false
    }

    /// The first-parent history, newest first.
    /// - Parameter until: where to stop; not part of the answer. `nil` = at the beginning.
    public func firstParents(from: ObjectID, until: ObjectID?, limit: Int) throws -> [CommitInfo] {
        var commits: [CommitInfo] = []
        var next: ObjectID? = from
        while let id = next, id != until, commits.count < limit {
            let commit = try commit(id)
            commits.append(commit)
            next = commit.parents.first
        }
        return commits
    }

    /// Sets or removes a mark of Curfew's own; `name` is relative and made of DNS labels and `/`.
    public func setMark(_ name: String, to commit: ObjectID?) throws {
        guard name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ Name(String($0)) != nil }) else {
            throw GitError(.invalid, operation: "set mark", subject: name.escapingControls, "it is no name of a mark")
        }
        try withRepository { repository in
            guard let commit else {
                let result = git_reference_remove(repository, MirrorRef.marks + name)
                if result != GIT_ENOTFOUND.rawValue { try LibGit2.check(result, "remove mark", name) }
                return
            }
            var oid = git_oid(commit)
            var reference: OpaquePointer?
            try LibGit2.check(
                git_reference_create(&reference, repository, MirrorRef.marks + name, &oid, 1, nil), "set mark", name)
            git_reference_free(reference)
        }
    }

    /// The marks below `prefix`, by the rest of their names.
    public func marks(under prefix: String) throws -> [String: ObjectID] {
        try withRepository { repository in
            var iterator: OpaquePointer?
            try LibGit2.check(
                git_reference_iterator_glob_new(&iterator, repository, "\(MirrorRef.marks)\(prefix)/*"), "list marks", prefix)
            defer { git_reference_iterator_free(iterator) }
            var marks: [String: ObjectID] = [:]
            var reference: OpaquePointer?
            while git_reference_next(&reference, iterator) == 0 {
                defer { git_reference_free(reference) }
                guard let name = git_reference_name(reference), let target = git_reference_target(reference) else { continue }
                marks[String(String(cString: name).dropFirst(MirrorRef.marks.count + prefix.count + 1))] = ObjectID(
                    target.pointee)
            }
            return marks
        }
    }
}
