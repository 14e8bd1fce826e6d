/// What probes have found out about an instance.
public enum Health: Hashable, Sendable, Codable {
    /// Not asked yet, or no answer yet within the startup time.
    case unknown
    /// Answers.
    case healthy
    /// Does not answer; the reason in words for people.
    case unhealthy(String)

    /// Whether it is ``healthy``.
    public var isHealthy: Bool { self == .healthy }
}
