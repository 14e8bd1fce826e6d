public import CurfewModel

/// What somebody looks for in the journal. Everything that is set has to hold.
public struct EventQuery: Sendable, Hashable {
    /// Exactly these kinds; empty = every kind.
    public var kinds: [String] = []
    /// Kinds that begin with this.
    public var kindPrefix: String?
    /// About this workload.
    public var workload: Name?
    /// Not before this moment, by the event's own clock.
    public var since: Instant?
    /// Not after this moment.
    public var until: Instant?
    /// Somewhere in the message, the details, the kind or the revision; ASCII letters in either case.
    public var text: String?
    /// With a lower sequence number than this.
    public var before: Int64?
    /// With a greater sequence number than this.
    public var after: Int64?

    /// Everything.
    public init() {}

    /// Only these kinds.
    public init(kinds: [String]) { self.kinds = kinds }
}
