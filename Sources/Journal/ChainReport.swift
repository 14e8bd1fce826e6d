/// What walking the whole chain has found.
public struct ChainReport: Sendable, Hashable, Codable {
    /// Events that were walked.
    public var count: Int64
    /// The hash of the last sound event, 64 hexadecimal digits; note it elsewhere, and a rewritten journal shows.
    public var head: String
    /// The sequence number of the first event that is changed, missing, inserted or out of its place; `nil` = all are sound.
    public var brokenAt: Int64?
    /// What is wrong there, in words.
    public var problem: String?

    /// Whether every event is as it was appended.
    public var isSound: Bool { brokenAt == nil }

    /// Makes a report.
    public init(count: Int64, head: String, brokenAt: Int64? = nil, problem: String? = nil) {
        (self.count, self.head, self.brokenAt, self.problem) = (count, head, brokenAt, problem)
    }
}
