internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// One commit.
    public func commit(_ id: ObjectID) throws -> CommitInfo {
        try withCommit(id) { try Self.describe($0, id) }
    }

    /// Whether `ancestor` is `commit` or one of its ancestors.
    public func isAncestor(_ ancestor: ObjectID, of commit: ObjectID) throws -> Bool {
        if ancestor == commit { return true }
        return try withRepository { repository in
            var (older, newer) = (git_oid(ancestor), git_oid(commit))
            let result = git_graph_descendant_of(repository, &newer, &older)
            if result == GIT_ENOTFOUND.rawValue { return false }
            try LibGit2.check(result, "compare", commit.hex)
            return result == 1
        }
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

    func withCommit<Result>(_ id: ObjectID, _ body: (OpaquePointer) throws -> Result) throws -> Result {
        try withRepository { repository in
            var oid = git_oid(id)
            var commit: OpaquePointer?
            try LibGit2.check(git_commit_lookup(&commit, repository, &oid), "read commit", id.hex)
            defer { git_commit_free(commit) }
            guard let commit else { throw GitError(.corrupt, operation: "read commit", subject: id.hex, "no handle") }
            return try body(commit)
        }
    }

    private static func describe(_ commit: OpaquePointer, _ id: ObjectID) throws -> CommitInfo {
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        guard let tree = git_commit_tree_id(commit).flatMap({ ObjectID($0.pointee) }) else {
            throw GitError(.corrupt, operation: "read commit", subject: id.hex, "it has no tree")
        }
        let parents = (0..<git_commit_parentcount(commit)).compactMap {
            git_commit_parent_id(commit, $0).flatMap { ObjectID($0.pointee) }
        }
        let author = git_commit_author(commit)?.pointee
        let committer = git_commit_committer(commit)?.pointee
        // Anybody can write any time into a commit: the far future must not come round as the past.
        let seconds = committer?.when.time ?? 0
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return CommitInfo(
            id: id, tree: tree, parents: parents, authorName: text(author?.name), authorEmail: text(author?.email),
            committerEmail: text(committer?.email),
            committedAt: Instant(milliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds),
            message: text(git_commit_message(commit)))
    }
}
