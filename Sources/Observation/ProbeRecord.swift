import CurfewModel

/// What the probes of one instance have found out: a pure state machine.
struct ProbeRecord: Sendable, Equatable {
    private(set) var health = Health.unknown
    private var failures = 0
    private var pause = Span.milliseconds(25)
    private let limit: Int
    private let interval: Span

    init(_ check: HealthCheck) {
        limit = max(1, check.failures)
        interval = max(check.interval, .milliseconds(10))
    }

    /// Takes one outcome (`nil` = success, else the reason); returns the time until the next probe.
    ///
    /// Until the first success it is asked quickly and then less so: 25 ms growing by half, up to the interval and at
    /// most 500 ms. Most instances are up within that, and the rollout waits for them.
    mutating func take(_ failure: String?) -> Span {
        guard let failure else {
            health = .healthy
            failures = 0
            return interval
        }
        if health == .unknown {
            let now = min(pause, interval, .milliseconds(500))
            pause = .milliseconds(min(now.milliseconds * 3 / 2, 500))
            return now
        }
        failures = min(failures + 1, limit)
        if failures >= limit { health = .unhealthy(failure) }
        return interval
    }
}
