internal import CLibGit2
public import CurfewModel
import Foundation

extension Mirror {
    /// Makes (and does not push) the commit that takes `commit` back on top of `tip`; of a merge, what it brought to its
    /// first parent.
    /// - Parameter subject: the first line; `nil` = `Revert "<the commit's>"`.
    /// - Throws: ``GitError`` with code `conflict` naming the paths, when later commits changed the same lines.
    public func makeRevert(of commit: ObjectID, onto tip: ObjectID, subject: String?, body: String, at now: Instant) throws
        -> ObjectID
    {
        let reverted = try self.commit(commit)
        let tree = try withRepository { repository in try revertedTree(of: reverted, onto: tip, repository) }
        guard try self.commit(tip).tree != tree else {
            throw GitError(
                .conflict, operation: "revert", subject: commit.short, "it changes nothing any more: it was reverted already")
        }
        let title = subject ?? "Revert \"\(String(reverted.summary.escapingControls.prefix(60)))\""
        return try write(message: "\(title)\n\n\(body)", tree: tree, parent: tip, at: now)
    }

    func revertedTree(of reverted: CommitInfo, onto tip: ObjectID, _ repository: OpaquePointer) throws -> ObjectID {
        try withCommit(reverted.id) { commit in
            try withCommit(tip) { ours in
                var index: OpaquePointer?
                let mainline: UInt32 = reverted.parents.count > 1 ? 1 : 0
                try LibGit2.check(
                    git_revert_commit(&index, repository, commit, ours, mainline, nil), "revert", reverted.id.short)
                defer { git_index_free(index) }
                if git_index_has_conflicts(index) == 1 {
                    let paths = Self.conflicts(in: index)
                    throw GitError(
                        .conflict, operation: "revert", subject: reverted.id.short,
                        "later commits changed the same lines of \(paths.prefix(5).joined(separator: ", "))")
                }
                var oid = git_oid()
                try LibGit2.check(git_index_write_tree_to(&oid, index, repository), "write tree of", reverted.id.short)
                guard let id = ObjectID(oid) else {
                    throw GitError(.corrupt, operation: "revert", subject: reverted.id.short, "no tree")
                }
                return id
            }
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

    /// Writes a commit object, signed when there is a key.
    func write(message: String, tree: ObjectID, parent: ObjectID?, at now: Instant) throws -> ObjectID {
        let buffer = try commitBuffer(message: message, tree: tree, parent: parent, at: now)
        return try withRepository { repository in
            var oid = git_oid()
            if let key = location.identity.signingKeyFile {
                let signature = try CommitSigner(key: key).sign(buffer)
                try LibGit2.check(
                    git_commit_create_with_signature(&oid, repository, buffer, signature, "gpgsig"), "write commit",
                    tree.short)
            } else {
                var database: OpaquePointer?
                try LibGit2.check(git_repository_odb(&database, repository), "write commit", tree.short)
                defer { git_odb_free(database) }
                try LibGit2.check(
                    git_odb_write(&oid, database, buffer, buffer.utf8.count, GIT_OBJECT_COMMIT), "write commit", tree.short)
            }
            guard let id = ObjectID(oid) else {
                throw GitError(.corrupt, operation: "write commit", subject: tree.short, "no id")
            }
            return id
        }
    }

    /// The bytes of a commit object, which are also what is signed.
    private func commitBuffer(message: String, tree: ObjectID, parent: ObjectID?, at now: Instant) throws -> String {
        func plain(_ text: String) -> String { text.filter { $0 != "<" && $0 != ">" && !$0.isNewline && $0 != "\0" } }
        let who = "\(plain(location.identity.name)) <\(plain(location.identity.email))> \(now.milliseconds / 1000) +0000"
        let text = message.replacing("\0", with: "")
        let line = parent.map { "parent \($0)\n" } ?? ""
        return "tree \(tree)\n\(line)author \(who)\ncommitter \(who)\n\n\(text)"
    }
}
