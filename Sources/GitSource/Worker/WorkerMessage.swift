import CurfewModel

/// What the child is asked to do: one JSON object on its standard input. Names of files, no secrets.
struct WorkerRequest: Codable, Sendable {
    enum Operation: String, Codable { case refresh, approvals, push, publish }
    var operation: Operation
    /// The bare mirror.
    var repository: String
    var url: String
    var branch: String
    var credentials: GitCredentials
    /// refresh: the tip that is here already.
    var known: ObjectID?
    /// refresh: a tip that `known` already contains is old news, and `known` stays; for addresses that copy another.
    var mayLag: Bool?
    /// The most bytes that one fetch may add.
    var longestFetch: Int
    /// How long the parent waits.
    var timeout: Span
    /// approvals: tags that were too heavy when they were fetched before.
    var heavy: [ObjectID]?
    /// push: the commit to push.
    var commit: ObjectID?
    /// push: the tip that it was made on.
    var expected: ObjectID?
    /// publish: references of the remote, and what they are to name.
    var references: [Reference]?

    /// A reference that is Curfew's own.
    struct Reference: Codable, Sendable {
        var name: String
        /// `nil` = remove it.
        var commit: ObjectID?
    }
}

/// What the child answers: one JSON object on its standard output.
struct WorkerAnswer: Codable, Sendable {
    var tip: ObjectID?
    /// refresh, approvals: stands for all tags of approvals that the remote has.
    var approvals: String?
    /// approvals: whether some came, went or changed.
    var approvalsMoved: Bool?
    /// approvals: those that are too heavy to be fetched.
    var heavy: [ObjectID]?
    /// approvals: whether more are to be fetched another time.
    var isPartial: Bool?
    var error: GitError?
}

/// Refs that the mirror keeps.
public enum MirrorRef {
    /// The tip that was fetched last.
    static let remote = "refs/curfew/remote"
    /// What is being pushed.
    static let push = "refs/curfew/push"
    /// The tags `approvals/…` of the remote.
    public static let approvals = "refs/curfew/approvals/"
    /// Marks that Curfew keeps for itself.
    static let marks = "refs/curfew/marks/"
}
