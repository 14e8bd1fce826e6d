/// A commit of the branch; names and words are as written, hostile text.
public struct CommitView: Sendable, Encodable, Hashable {
    public var id: String
    public var author: String
    /// RFC 3339, as the committer claims.
    public var at: String
    public var summary: String
    /// Whether this service made it.
    public var isOurs: Bool

    public init(id: String, author: String, at: String, summary: String, isOurs: Bool) {
        (self.id, self.author, self.at, self.summary, self.isOurs) = (id, author, at, summary, isOurs)
    }
}
