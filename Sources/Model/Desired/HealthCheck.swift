/// How the health of an instance is known.
public struct HealthCheck: Hashable, Sendable, Codable {
    /// What is asked.
    public enum Probe: Hashable, Sendable, Codable {
        /// GET `path` on the named port; 200–399 is healthy. Redirects are not followed.
        case http(port: Name, path: String)
        /// A TCP connection to the named port is accepted.
        case tcp(port: Name)
        /// An argument vector run beside the instance, in an equal sandbox; exit code 0 is healthy.
        case command([String])
        /// The image's own HEALTHCHECK, as the engine runs it.
        case image
    }
    /// What is asked.
    public var probe: Probe
    /// Time between two probes of a healthy instance (100 ms to 1 h).
    public var interval: Span
    /// An answer later than this is a failure (100 ms to 1 m).
    public var timeout: Span
    /// Time that a fresh instance has until its first success; then it has failed.
    public var startup: Span
    /// Failures in a row that make a healthy instance unhealthy (1 to 100).
    public var failures: Int

    /// Makes a health check with the documented defaults.
    public init(
        probe: Probe, interval: Span = .seconds(2), timeout: Span = .seconds(1), startup: Span = .seconds(30), failures: Int = 3
    ) {
        (self.probe, self.interval, self.timeout, self.startup, self.failures) = (probe, interval, timeout, startup, failures)
    }
}
