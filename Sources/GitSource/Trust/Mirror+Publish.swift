internal import CLibGit2
public import CurfewModel

extension Mirror {
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
        var request = request(.publish)
        request.references = wanted
        _ = try await ask(request)
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
