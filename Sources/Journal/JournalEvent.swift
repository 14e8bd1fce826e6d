public import CurfewModel

/// One thing that was done or seen: an entry of the audit trail. Immutable once it has been appended.
public struct JournalEvent: Sendable, Hashable, Codable {
    /// Its place in the journal, from 1, without gaps; 0 before it has been appended.
    public var sequence: Int64
    /// When it happened, by the clock of whoever reports it.
    public var at: Instant
    /// What happened, in dotted lower case: `deploy.started`, `rollout.failed`, `revert.pushed`. Open; 1 to 100 bytes
    /// of letters, digits, `.`, `-` and `_`.
    public var kind: String
    /// The workload that it is about, if it is about one.
    public var workload: Name?
    /// The commit that caused it, if one did.
    public var revision: ObjectID?
    /// One line for people, no secret. Control characters are escaped and more than 4 KiB is cut off on appending.
    public var message: String
    /// Evidence by name, no secret. At most 64 entries, a name at most 128 bytes; values over 64 KiB are cut off on appending.
    public var details: [String: String]

    /// Makes an event that is still to be appended.
    public init(
        sequence: Int64 = 0, at: Instant, kind: String, workload: Name? = nil, revision: ObjectID? = nil, message: String,
        details: [String: String] = [:]
    ) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.workload = workload
        self.revision = revision
        self.message = message
        self.details = details
    }
}

extension JournalEvent {
    static let messageLimit = 4096
    static let detailLimit = 65536

    /// The event as it is stored: bounded, one line, with only what every reader can show.
    /// An event that is too long is cut, because an audit trail must not lose an entry over its length; a kind that is
    /// malformed is a mistake in our own code, and refused.
    func normalised() throws(JournalError) -> JournalEvent {
        guard (1...100).contains(kind.utf8.count), kind.utf8.allSatisfy(\.isKindByte) else {
            throw JournalError(
                .invalid, operation: "append", subject: kind.cut(toBytes: 100).escapingControls,
                "an event's kind has 1 to 100 letters, digits, dots, dashes and underscores")
        }
        guard details.count <= 64, details.keys.allSatisfy({ $0.utf8.count <= 128 }) else {
            throw JournalError(
                .invalid, operation: "append", subject: kind, "an event has at most 64 details with names of at most 128 bytes")
        }
        var event = self
        event.message = message.cut(toBytes: Self.messageLimit).escapingControls
        event.details = details.mapValues { $0.cut(toBytes: Self.detailLimit) }
        return event
    }
}

extension String {
    /// At most `limit` bytes of UTF-8, cut between scalars and then marked with `…`.
    fileprivate func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end > utf8.startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end]) + "…"
    }
}

extension UInt8 {
    fileprivate var isKindByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
