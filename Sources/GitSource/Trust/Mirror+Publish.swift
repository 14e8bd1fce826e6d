internal import CLibGit2
public import CurfewModel
import Foundation

extension Mirror {
    /// Removes those of `files` (path → blob) that are still on the branch with just this blob, in one commit on its tip,
    /// and pushes that; when somebody else was faster, again on the new tip. Files directly in `grants/` only.
    /// - Returns: the commit; `nil` when nothing was left to remove.
    public func deleteAndPush(_ files: [String: ObjectID], message: String, at now: Instant, attempts: Int) async throws
        -> ObjectID?
    {
        var last = GitError(.rejected, operation: "push to", subject: RemoteURL.redact(location.url), "not tried")
        for _ in 0..<max(1, attempts) {
            let tip = try await refresh().tip
            guard let tree = try treeWithout(files, at: tip) else { return nil }
            let commit = try write(message: message, tree: tree, parent: tip, at: now)
            do {
                try await push(commit, expecting: tip)
                return commit
            } catch let error as GitError where error.code == .rejected {
                guard try await refresh().tip != tip else { throw error }
                last = error
            }
        }
        throw last
    }

    /// The tree of a commit without these files; `nil` when none of them is there.
    private func treeWithout(_ files: [String: ObjectID], at commit: ObjectID) throws -> ObjectID? {
        let tree = try tree(at: commit)
        guard let folder = try tree.entries(of: tree.root).first(where: { $0.name == "grants" && $0.kind == .folder }) else {
            return nil
        }
        let names = try tree.entries(of: folder.id).filter { files["grants/\($0.name)"] == $0.id }.map(\.name)
        guard !names.isEmpty else { return nil }
        return try withRepository { repository in
            let grants = try Self.edit(repository, folder.id) { builder in
                for name in names { try LibGit2.check(git_treebuilder_remove(builder, name), "remove", name) }
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

    private static func edit(_ repository: OpaquePointer, _ tree: ObjectID?, _ body: (OpaquePointer) throws -> Void) throws
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

    /// Puts small files on `refs/curfew/<name>` of the remote, each time as a new commit without parents, or removes such a
    /// reference (`nil`). All over one connection. Names are DNS labels joined by `/`.
    public func publish(_ references: [String: [String: [UInt8]]?], at now: Instant) async throws {
        guard !references.isEmpty else { return }
        var wanted: [WorkerRequest.Reference] = []
        for (name, files) in references.sorted(by: { $0.key < $1.key }) {
            guard name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ Name(String($0)) != nil }) else {
                throw GitError(.invalid, operation: "publish", subject: name.escapingControls, "it is no name of a reference")
            }
            let commit = try files.map { try self.commit($0, message: "Publish \(name)\n", at: now) }
            wanted.append(WorkerRequest.Reference(name: "refs/curfew/\(name)", commit: commit))
        }
        _ = try await ask(
            WorkerRequest(
                operation: .publish, repository: path, url: location.url, branch: location.branch,
                credentials: location.credentials, references: wanted))
    }

    private func commit(_ files: [String: [UInt8]], message: String, at now: Instant) throws -> ObjectID {
        let tree = try withRepository { repository in
            var blobs: [(String, git_oid)] = []
            for (name, bytes) in files {
                guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !name.utf8.contains(0) else {
                    throw GitError(.invalid, operation: "publish", subject: name.escapingControls, "it is no plain file name")
                }
                var oid = git_oid()
                try LibGit2.check(
                    bytes.withUnsafeBytes { git_blob_create_from_buffer(&oid, repository, $0.baseAddress, $0.count) },
                    "write", name)
                blobs.append((name, oid))
            }
            return try Self.edit(repository, nil) { builder in
                for (name, oid) in blobs {
                    var oid = oid
                    try LibGit2.check(git_treebuilder_insert(nil, builder, name, &oid, GIT_FILEMODE_BLOB), "write", name)
                }
            }.id
        }
        return try write(message: message, tree: tree, parent: nil, at: now)
    }
}
