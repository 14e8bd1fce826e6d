internal import CLibGit2
public import CurfewModel

extension LocalRepository {
    /// A file of a commit that this very key has signed.
    /// - Parameter limit: most bytes of the file.
    /// - Throws: ``GitError`` when the signature is not of that key and of these bytes, or the file is not there.
    public func file(_ name: String, of commit: ObjectID, signedBy key: SSHPublicKey, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        guard case .value = try objects.read(commit, GIT_OBJECT_COMMIT, limit: 1 << 20, { bytes = Array($0) }) else {
            throw GitError(.invalid, operation: "read commit", subject: commit.hex, "it is not there, or too large")
        }
        switch try SignatureVerifier().check(SignedObject(commit: bytes)) {
        case .good(let signer) where signer == key: break
        case .good(let signer):
            throw GitError(
                .invalid, operation: "verify", subject: commit.short,
                "it is signed by \(signer.line.prefix(60)) and not by Curfew")
        case .bad(let reason): throw GitError(.invalid, operation: "verify", subject: commit.short, reason)
        case .none: throw GitError(.invalid, operation: "verify", subject: commit.short, "it is not signed")
        }
        let tree = try tree(at: commit)
        guard let entry = try tree.entry(at: RepositoryPath(name)), entry.kind == .file else {
            throw GitError(.missingObject, operation: "read", subject: name, "it is not in \(commit.short)")
        }
        var content: [UInt8] = []
        guard case .value = try objects.read(entry.id, GIT_OBJECT_BLOB, limit: limit, { content = Array($0) }) else {
            throw GitError(.invalid, operation: "read", subject: name, "it has more than \(limit) bytes")
        }
        return content
    }
}
