internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// Most bytes of a commit object.
    static var longestCommit: Int { 4 << 20 }

    /// Facts of one commit: what its own bytes claim, what differs from its first parent, and what OpenSSH says of its
    /// signature. The same for ever, so they are kept, as many as two hundred thousand changes.
    public func facts(of id: ObjectID) throws -> CommitFacts {
        if let known = knownFacts[id] { return known }
        let info = try commit(id)
        let objects = try objectDatabase()
        var bytes: [UInt8] = []
        let read = try objects.read(id, GIT_OBJECT_COMMIT, limit: Self.longestCommit) { bytes = Array($0) }
        if case .tooLarge(let size) = read {
            throw GitError(.invalid, operation: "read commit", subject: id.hex, "it has \(size) bytes")
        }
        let own = GitTree(root: info.tree, objects: objects)
        var comparison = TreeChanges(own)
        try comparison.compare(try info.parents.first.map { try objects.treeOfCommit($0) }, info.tree)
        var changes = comparison.changes
        for parent in info.parents.dropFirst() {
            let other = GitTree(root: try objects.treeOfCommit(parent), objects: objects)
            for index in changes.indices where !changes[index].isFromMergedParent {
                let theirs = try other.entry(at: changes[index].path).flatMap { $0.kind == .folder ? nil : $0 }
                let ours = try own.entry(at: changes[index].path).flatMap { $0.kind == .folder ? nil : $0 }
                changes[index].isFromMergedParent = theirs?.id == ours?.id && theirs?.kind == ours?.kind
            }
        }
        let claims = try claims(of: id)
        let facts = CommitFacts(
            id: id, parents: info.parents, author: claims.author, committer: claims.committer, message: info.message,
            signature: try knownSignatures[id] ?? SignatureVerifier().check(SignedObject(commit: bytes)), changes: changes)
        knownChanges += changes.count + 1
        if knownChanges >= 200_000 { (knownFacts, knownChanges) = ([:], changes.count + 1) }
        knownFacts[id] = facts
        return facts
    }

    private func claims(of id: ObjectID) throws -> (author: CommitFacts.Claim, committer: CommitFacts.Claim) {
        try withCommit(id) { commit in
            (Self.claim(git_commit_author(commit)), Self.claim(git_commit_committer(commit)))
        }
    }

    static func claim(_ signature: UnsafePointer<git_signature>?) -> CommitFacts.Claim {
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let seconds = signature?.pointee.when.time ?? 0
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return CommitFacts.Claim(
            name: text(signature?.pointee.name), email: text(signature?.pointee.email),
            at: Instant(milliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds))
    }
}
