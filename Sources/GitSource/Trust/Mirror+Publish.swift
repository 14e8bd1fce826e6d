internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// Puts publications on `refs/curfew/<name>` of the remote, each time as a new commit without parents, or removes such a
    /// reference (`nil`). All over one connection. Names are DNS labels joined by `/`.
    ///
    /// The commits are not signed: what counts is the statement in them, which is signed as a publication and as nothing else.
    /// - Parameters:
    ///   - root: the repository, by the commit that the service pins.
    ///   - sequence: larger than that of anything published before.
    public func publish(_ references: [String: Publication?], root: ObjectID, sequence: Int64, at now: Instant) async throws {
        guard !references.isEmpty else { return }
        var wanted: [WorkerRequest.Reference] = []
        for (name, publication) in references.sorted(by: { $0.key < $1.key }) {
            guard name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ Name(String($0)) != nil }) else {
                throw GitError(.invalid, operation: "publish", subject: name.escapingControls, "it is no name of a reference")
            }
            let commit = try publication.map {
                try self.commit(try signed($0, root: root, sequence: sequence), message: "Publish \(name)\n", at: now)
            }
            wanted.append(WorkerRequest.Reference(name: "refs/curfew/\(name)", commit: commit))
        }
        var request = request(.publish)
        request.references = wanted
        _ = try await ask(request)
    }

    /// Its files, with the statement about them and the signature of that.
    private func signed(_ publication: Publication, root: ObjectID, sequence: Int64) throws -> [String: [UInt8]] {
        guard let key = location.identity.signingKeyFile else {
            throw GitError(
                .invalid, operation: "publish", subject: publication.purpose.words,
                "there is no identity.signingKey to sign with")
        }
        guard publication.files.count <= PublicationStatement.mostFiles else {
            throw GitError(.invalid, operation: "publish", subject: publication.purpose.words, "it has too many files")
        }
        if let bad = publication.files.keys.first(where: { !PublicationStatement.isName($0) }) {
            throw GitError(.invalid, operation: "publish", subject: bad.escapingControls, "it is no plain file name")
        }
        let statement = Array(PublicationStatement(publication, root: root, sequence: sequence).text.utf8)
        let signature = try DetachedSignature.sign(statement, for: PublicationStatement.namespace, with: key)
        return publication.files.merging([
            PublicationStatement.file: statement, PublicationStatement.signatureFile: Array((signature + "\n").utf8),
        ]) { _, own in own }
    }

    private func commit(_ files: [String: [UInt8]], message: String, at now: Instant) throws -> ObjectID {
        let tree = try withRepository { repository -> ObjectID in
            var blobs: [(String, git_oid)] = []
            for (name, bytes) in files {
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
        return try write(message: message, tree: tree, parent: nil, isSigned: false, at: now)
    }
}
