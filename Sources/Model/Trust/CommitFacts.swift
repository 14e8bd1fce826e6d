/// What is known for certain about one commit: what the bytes of its object say and what OpenSSH says of its signature.
/// Whose key it is, and whether that person may do this, is for Gates to judge.
public struct CommitFacts: Hashable, Sendable, Codable {
    /// Who, as the commit claims.
    public struct Claim: Hashable, Sendable, Codable {
        /// As written; hostile text.
        public var name: String
        /// As written.
        public var email: String
        /// As claimed.
        public var at: Instant
        /// Makes a claim.
        public init(name: String, email: String, at: Instant) { (self.name, self.email, self.at) = (name, email, at) }
    }
    /// The commit.
    public var id: ObjectID
    /// Its parents; the first is the branch it was made on.
    public var parents: [ObjectID]
    public var author: Claim
    public var committer: Claim
    /// The whole message, as written; hostile text.
    public var message: String
    /// What its signature is worth.
    public var signature: SignatureCheck
    /// What is different from its first parent (from nothing, for a root commit).
    public var changes: [PathChange]
    /// Why it cannot be judged: what in its object or its trees is not as Git writes it, is too large or is not there. Each is
    /// a line for people. Empty for every commit that Git itself has made.
    public var problems: [String]
    /// Whether its first parent has policies and it has none any more.
    public var emptiesPolicies: Bool

    /// Makes facts.
    public init(
        id: ObjectID, parents: [ObjectID], author: Claim, committer: Claim, message: String, signature: SignatureCheck,
        changes: [PathChange], problems: [String] = [], emptiesPolicies: Bool = false
    ) {
        (self.problems, self.emptiesPolicies) = (problems, emptiesPolicies)
        (self.id, self.parents, self.author, self.committer) = (id, parents, author, committer)
        (self.message, self.signature, self.changes) = (message, signature, changes)
    }
}

/// What OpenSSH says of a signature.
public enum SignatureCheck: Hashable, Sendable, Codable {
    /// There is none.
    case none
    /// Good for exactly these bytes, by this key.
    case good(SSHPublicKey)
    /// There is one and it is worth nothing: not SSH, not for these bytes, two of them, another namespace.
    case bad(String)
}

/// One path that differs.
public struct PathChange: Hashable, Sendable, Codable {
    /// From the root.
    public var path: RepositoryPath
    /// What was there, `nil` = nothing.
    public var old: ObjectID?
    /// What is there, `nil` = nothing.
    public var new: ObjectID?
    /// Whether what is there is a plain file (not a symbolic link or submodule); true when nothing is there.
    public var isPlain: Bool
    /// Whether what is there is also what the commit's second (or a later) parent has at that path: a merge only took it.
    public var isFromMergedParent: Bool

    /// Makes a change.
    public init(path: RepositoryPath, old: ObjectID?, new: ObjectID?, isPlain: Bool = true, isFromMergedParent: Bool = false) {
        (self.path, self.old, self.new) = (path, old, new)
        (self.isPlain, self.isFromMergedParent) = (isPlain, isFromMergedParent)
    }
}

/// A first-parent commit together with everything that it brought onto the branch.
public struct BranchStep: Hashable, Sendable, Codable {
    /// The commit on the branch.
    public var commit: CommitFacts
    /// For a merge: the commits that came with it (reachable from it and not from its first parent), newest first.
    public var merged: [CommitFacts]
    /// Makes a step.
    public init(commit: CommitFacts, merged: [CommitFacts] = []) { (self.commit, self.merged) = (commit, merged) }
}

/// A signed annotated tag `approvals/<subject>/<person>`.
public struct ApprovalTag: Hashable, Sendable, Codable {
    /// The reference below `refs/tags/`: `approvals/alice-inc-4821/bob`.
    public var reference: String
    /// The name that the tag object itself carries; another one than ``reference`` means that it was moved.
    public var name: String
    /// The tag object.
    public var id: ObjectID
    /// The tagger, as claimed.
    public var tagger: CommitFacts.Claim
    /// The message without the signature; hostile text.
    public var message: String
    /// What its signature is worth.
    public var signature: SignatureCheck

    /// Makes a tag.
    public init(
        reference: String, name: String, id: ObjectID, tagger: CommitFacts.Claim, message: String, signature: SignatureCheck
    ) {
        (self.reference, self.name, self.id) = (reference, name, id)
        (self.tagger, self.message, self.signature) = (tagger, message, signature)
    }
}
