/// What is remembered about one workload between ticks and across restarts. Losing it costs a repeated try or a
/// restarted canary step, never a wrong deletion: everything else is observed.
public struct WorkloadMemory: Sendable, Hashable, Codable {
    /// The rollout under way.
    public struct Rollout: Sendable, Hashable, Codable {
        /// The generation that is coming.
        public var generation: Generation
        /// When it began.
        public var startedAt: Instant
        /// Canary: the step under way, from 0; counts up to the number of steps, then all the traffic is moved.
        public var step: Int
        /// Canary: when the step's weight was set.
        public var stepSince: Instant
        /// Makes a rollout's memory.
        public init(generation: Generation, startedAt: Instant, step: Int = 0, stepSince: Instant) {
            (self.generation, self.startedAt, self.step, self.stepSince) = (generation, startedAt, step, stepSince)
        }
    }
    /// A generation that failed.
    public struct Failure: Sendable, Hashable, Codable {
        /// Why, in words.
        public var reason: String
        /// When it failed last.
        public var at: Instant
        /// How often it has failed.
        public var attempts: Int
        /// Not tried again before.
        public var nextTry: Instant
        /// Makes a failure's memory.
        public init(reason: String, at: Instant, attempts: Int, nextTry: Instant) {
            (self.reason, self.at, self.attempts, self.nextTry) = (reason, at, attempts, nextTry)
        }
    }
    /// The rollout under way, if any.
    public var rollout: Rollout?
    /// Generations that failed; at most 8 are kept, oldest dropped.
    public var failures: [Generation: Failure]
    /// Instances that are being drained, and since when.
    public var drainingSince: [InstanceID: Instant]
    /// A generation that is kept without traffic.
    public struct Warm: Sendable, Hashable, Codable {
        /// Which.
        public var generation: Generation
        /// Until when.
        public var until: Instant
        /// Makes a memory of it.
        public init(generation: Generation, until: Instant) { (self.generation, self.until) = (generation, until) }
    }
    /// The generation before, while it is kept running without traffic.
    public var warm: Warm?
    /// The last generation that was fully healthy with all the traffic.
    public var lastGood: Generation?
    /// When replacements of instances that ended early were started, in a row, oldest first; at most 8. The longer the
    /// row, the longer the pause before the next; one that lasted begins a new row.
    public var restarts: [Instant]
    /// Empty memory.
    public init() { (rollout, failures, drainingSince, lastGood, restarts) = (nil, [:], [:], nil, []) }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        rollout = try container.decodeIfPresent(Rollout.self, forKey: .rollout)
        failures = try container.decodeIfPresent([Generation: Failure].self, forKey: .failures) ?? [:]
        drainingSince = try container.decodeIfPresent([InstanceID: Instant].self, forKey: .drainingSince) ?? [:]
        lastGood = try container.decodeIfPresent(Generation.self, forKey: .lastGood)
        warm = try container.decodeIfPresent(Warm.self, forKey: .warm)
        restarts = try container.decodeIfPresent([Instant].self, forKey: .restarts) ?? []
    }
}

extension Generation: CodingKeyRepresentable {
    public var codingKey: any CodingKey { PlainKey(stringValue: hex) }
    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

extension InstanceID: CodingKeyRepresentable {
    public var codingKey: any CodingKey { PlainKey(stringValue: rawValue) }
    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// Lets dictionaries keyed by ids be written as JSON objects.
struct PlainKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
