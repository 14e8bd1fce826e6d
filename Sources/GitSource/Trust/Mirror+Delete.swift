internal import CLibGit2
public import CurfewModel
internal import CurfewSystem
import Foundation

extension Mirror {
    /// Removes those of `files` (path → blob) that are still on the branch with just this blob, in one commit on its tip,
    /// and pushes that; when somebody else was faster, again on the new tip. What lies directly in
    /// `grants/` only: files, and folders where a file should be.
    /// - Returns: the commit; `nil` when nothing was left to remove.
    /// - Parameter admit: is asked before anything is pushed; what it throws is thrown on, and nothing was pushed.
    public func deleteAndPush(
        _ files: [RepositoryPath: ObjectID], message: String, at now: Instant, attempts: Int,
        admit: @Sendable (ObjectID) async throws -> Void = { _ in }
    ) async throws -> ObjectID? {
        try await push(attempts: attempts, admit: admit) { mirror, tip in
            try mirror.makeRemoval(of: files, onto: tip, message: message, at: now)
        }
    }

    /// Makes (and does not push) such a commit on top of `tip`; `nil` when nothing is left to remove.
    public func makeRemoval(of files: [RepositoryPath: ObjectID], onto tip: ObjectID, message: String, at now: Instant) throws
        -> ObjectID?
    {
        guard let tree = try treeWithout(files, at: tip) else { return nil }
        return try write(message: message, tree: tree, parent: tip, at: now)
    }

    /// The tree of a commit without these files; `nil` when none of them is there.
    private func treeWithout(_ files: [RepositoryPath: ObjectID], at commit: ObjectID) throws -> ObjectID? {
        let tree = try tree(at: commit)
        guard let folder = try tree.entries(of: tree.root).first(where: { $0.name == "grants" }) else { return nil }
        guard folder.kind == .folder else {
            // A file where the folder should be.
            guard files["grants"] == folder.id else { return nil }
            return try withRepository { repository in
                try Self.edit(repository, tree.root) {
                    try LibGit2.check(git_treebuilder_remove($0, "grants"), "remove", "grants")
                }.id
            }
        }
        return try withRepository { repository in
            let names = try tree.entries(of: folder.id).filter { files[RepositoryPath("grants").appending($0.name)] == $0.id }
                .map { $0.name.bytes }
            guard !names.isEmpty else { return nil }
            let grants = try Self.edit(repository, folder.id) { builder in
                for name in names {
                    try LibGit2.check(
                        name.withCPath { git_treebuilder_remove(builder, $0) }, "remove a file from", "grants")
                }
            }
            return try Self.edit(repository, tree.root) { builder in
                if grants.isEmpty {
                    try LibGit2.check(git_treebuilder_remove(builder, "grants"), "remove", "grants")
                } else {
                    var oid = git_oid(grants.id)
                    try LibGit2.check(
                        git_treebuilder_insert(nil, builder, "grants", &oid, GIT_FILEMODE_TREE), "write", "grants")
                }
            }.id
        }
    }

    /// A tree made anew from another, or from nothing.
    static func edit(_ repository: OpaquePointer, _ tree: ObjectID?, _ body: (OpaquePointer) throws -> Void) throws
        -> (id: ObjectID, isEmpty: Bool)
    {
        var source: OpaquePointer?
        defer { git_tree_free(source) }
        if let tree {
            var oid = git_oid(tree)
            try LibGit2.check(git_tree_lookup(&source, repository, &oid), "read tree", tree.hex)
        }
        var builder: OpaquePointer?
        try LibGit2.check(git_treebuilder_new(&builder, repository, source), "edit", "tree")
        defer { git_treebuilder_free(builder) }
        guard let builder else { throw GitError(.failed, operation: "edit", subject: "tree", "no handle") }
        try body(builder)
        var oid = git_oid()
        try LibGit2.check(git_treebuilder_write(&oid, builder), "write", "tree")
        guard let id = ObjectID(oid) else { throw GitError(.corrupt, operation: "write", subject: "tree", "no id") }
        return (id, git_treebuilder_entrycount(builder) == 0)
    }
}
