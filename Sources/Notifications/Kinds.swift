/// What kinds of events there are for people outside.
public enum NoticeKinds {
    /// How much to hurry, by the beginning of a kind; the longest beginning counts.
    private static let severities: [(String, Severity)] = [
        ("entry.alert", .critical), ("attempt.refused", .warning), ("access.removed", .critical),
        ("grant.refused", .warning), ("grant.stray", .critical), ("grant.overdue", .critical), ("grant.ending", .info),
        ("grant.", .info),
        ("session.", .info), ("rollout.failed", .warning), ("revert.failed", .critical),
        ("revert.impossible", .critical), ("revert.delayed", .warning), ("revert.pushed", .warning),
        ("clock.jumped", .warning), ("journal.", .critical), ("quarantine.held", .critical), ("notify.failed", .warning),
        ("source.unreachable", .warning), ("source.held", .critical), ("workload.failed", .critical),
        ("workload.held", .warning), ("bundle.held", .warning), ("problem", .warning), ("trust.none", .warning),
    ]

    /// Kinds that are told as something that goes on and ends, not as single events.
    public static let conditions: Set<String> = [
        "source.unreachable", "source.reachable", "source.held", "workload.failed", "workload.held", "bundle.held",
        "bundle.released", "problem", "plan.hold",
    ]

    /// How much somebody has to hurry; what is not known is good to know.
    public static func severity(of kind: String) -> Severity {
        severities.filter { kind.hasPrefix($0.0) }.max { $0.0.count < $1.0.count }?.1 ?? .info
    }
}

/// Which notices somebody is told.
public struct NoticeFilter: Sendable, Hashable {
    /// Beginnings of kinds; empty = all.
    public var kinds: [String]
    /// The least severity.
    public var severity: Severity

    /// Makes a filter.
    public init(kinds: [String] = [], severity: Severity = .warning) { (self.kinds, self.severity) = (kinds, severity) }

    /// Whether a kind passes.
    public func takes(_ kind: String) -> Bool {
        NoticeKinds.severity(of: kind) >= severity && (kinds.isEmpty || kinds.contains { kind.hasPrefix($0) })
    }
}
