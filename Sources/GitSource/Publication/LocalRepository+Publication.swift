internal import CLibGit2
public import CurfewModel

/// A publication that was found, complete, with the key that signed it. Whether that key, and what it says, counts is for the
/// reader to judge: see ``check(key:root:purpose:now:)``.
public struct SignedPublication: Sendable {
    /// What was signed.
    public var statement: PublicationStatement
    /// Who signed it.
    public var key: SSHPublicKey
    /// Exactly the files that it names.
    public var files: [String: [UInt8]]
    /// Longest time that anything is published for.
    static let longest = Span.seconds(32 * 86_400)

    /// Everything but the sequence, which only a reader with a memory can judge.
    /// - Throws: ``GitError`` with what is wrong.
    public func check(
        key: SSHPublicKey, root: ObjectID, purpose: PublicationStatement.Purpose, now: Instant
    ) throws(GitError) {
        func refuse(_ why: String) -> GitError { GitError(.invalid, operation: "verify", subject: "the publication", why) }
        guard self.key == key else {
            throw refuse("it is signed by \(self.key.type) …\(self.key.body.suffix(12)) and not by Curfew")
        }
        guard statement.root == root else {
            throw refuse("it is of another repository: of \(statement.root.short), not of \(root.short)")
        }
        guard statement.purpose == purpose else { throw refuse("it is for something else: \(statement.purpose.words)") }
        guard now < statement.end else { throw refuse("its time was over at \(statement.end.text)") }
        guard statement.end <= now + Self.longest else { throw refuse("it claims to hold until \(statement.end.text)") }
    }
}

extension PublicationStatement.Purpose {
    /// For people.
    public var words: String {
        switch self {
        case .hosts(let backend): "the hosts of \(backend)"
        case .credentials(let grant, let blob, let person): "the grant \(grant) (\(blob.short)) of \(person)"
        }
    }
}

extension LocalRepository {
    /// Reads the publication of a commit. What the commit itself says, its signature too, counts for nothing.
    /// - Parameter limit: most bytes of all its files together.
    /// - Throws: ``GitError`` unless it is whole, in exactly its form, and signed as one. Blocks for some milliseconds.
    public func publication(at commit: ObjectID, limit: Int) throws -> SignedPublication {
        func refuse(_ why: String) -> GitError { GitError(.invalid, operation: "verify", subject: commit.short, why) }
        let root = try objects.treeOfCommit(commit)
        guard case .value(let size) = try objects.read(root, GIT_OBJECT_TREE, limit: 32 << 10, { $0.count }), size > 0 else {
            throw refuse("it holds too many files")
        }
        let tree = try tree(at: commit)
        var found: [String: ObjectID] = [:]
        for entry in try tree.entries(of: root) {
            let name = entry.name.isPlain ? String(decoding: entry.name.bytes, as: UTF8.self) : ""
            guard entry.kind == .file, !name.isEmpty, found[name] == nil else {
                throw refuse("it holds more than plain files")
            }
            found[name] = entry.id
        }
        func content(_ name: String, _ limit: Int) throws -> [UInt8] {
            guard let id = found.removeValue(forKey: name) else { throw refuse("it is not signed as a publication") }
            guard case .value(let bytes) = try objects.read(id, GIT_OBJECT_BLOB, limit: limit, { Array($0) }) else {
                throw refuse("\(name) has more than \(limit) bytes")
            }
            return bytes
        }
        let bytes = try content(PublicationStatement.file, 64 << 10)
        let signature = try content(PublicationStatement.signatureFile, 16_384)
        let key = try DetachedSignature.signer(of: bytes, signature, for: PublicationStatement.namespace)
        guard let statement = PublicationStatement(bytes) else {
            throw refuse("what was signed is no statement of this version")
        }
        guard statement.files.reduce(0, { $0.addingReportingOverflow($1.size).partialValue }) <= limit,
            statement.files.allSatisfy({ $0.size <= limit })
        else { throw refuse("its files have more than \(limit) bytes") }
        var files: [String: [UInt8]] = [:]
        for file in statement.files {
            let bytes = try content(file.name, file.size)
            guard bytes.count == file.size, PublicationStatement.digest(bytes) == file.digest else {
                throw refuse("\(file.name) is not what was signed")
            }
            files[file.name] = bytes
        }
        guard found.isEmpty else {
            throw refuse("it holds files that were not signed: \(found.keys.min()?.escapingControls ?? "")")
        }
        return SignedPublication(statement: statement, key: key, files: files)
    }
}
