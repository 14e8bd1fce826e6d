/// One instance as a runtime reports it: what is really there, not what Curfew remembers having done.
public struct ObservedInstance: Hashable, Sendable, Codable {
    /// What its process is doing.
    public enum State: Hashable, Sendable, Codable {
        /// Made, not yet running (an artifact is unpacked, a process is being started).
        case starting
        /// Running.
        case running
        /// Ended; the code as the shell would show it (128 + signal), `nil` when nobody could see it.
        case exited(code: Int32?)
    }
    /// Unique for ever: `<workload>-<generation, 8 digits>-<suffix>`.
    public var id: InstanceID
    /// The workload whose mark it wears.
    public var workload: Name
    /// The generation that it was made from.
    public var generation: Generation
    /// Digest of each part of that generation.
    public var parts: GenerationParts
    /// The revision that brought it.
    public var revision: ObjectID?
    /// What its process is doing.
    public var state: State
    /// When it was made.
    public var createdAt: Instant
    /// Where each port is reached.
    public var endpoints: [Name: Endpoint]
    /// Why it cannot be trusted any more (a changed file, a changed record), `nil` when it is as it was made.
    public var tampered: String?
    /// Why it is not ours although it wears our mark, `nil` when it is.
    public var foreign: String?
    /// The health check that it was made with, as recorded; lets an old generation be probed after its manifest has gone.
    public var health: HealthCheck?
    /// What the engine itself found out, where it probes (``HealthCheck/Probe/image``).
    public var reportedHealth: Health?
    /// Where it runs, for people: a host of an engine of many.
    public var place: String?

    /// Makes an observed instance.
    public init(
        id: InstanceID, workload: Name, generation: Generation, parts: GenerationParts = [:], revision: ObjectID? = nil,
        state: State, createdAt: Instant, endpoints: [Name: Endpoint] = [:], tampered: String? = nil, foreign: String? = nil,
        health: HealthCheck? = nil
    ) {
        self.id = id
        self.workload = workload
        self.generation = generation
        self.parts = parts
        self.revision = revision
        self.state = state
        self.createdAt = createdAt
        self.endpoints = endpoints
        self.tampered = tampered
        self.foreign = foreign
        self.health = health
    }
}

/// Names one instance for ever; safe in paths and configuration files (`a-z`, `0-9`, `-`; at most 100 bytes).
public struct InstanceID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The text of the id.
    public let rawValue: String

    /// Returns `nil` when `text` has other characters, starts with `-`, is empty or longer than 100 bytes.
    public init?(_ text: String) {
        guard (1...100).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "-"),
            text.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 })
        else { return nil }
        rawValue = text
    }

    /// `<workload>-<generation, 8 digits>-<suffix>`; `suffix` is written in base 36.
    public init(workload: Name, generation: Generation, suffix: UInt64) {
        rawValue = "\(workload)-\(generation.short)-\(String(suffix, radix: 36))"
    }

    public var description: String { rawValue }

    /// As a host name: at most 63 bytes, not ending in a hyphen.
    public var hostname: String {
        var text = String(rawValue.prefix(63))
        while text.utf8.last == UInt8(ascii: "-") { text.removeLast() }
        return text.isEmpty ? "instance" : text
    }

    public static func < (left: InstanceID, right: InstanceID) -> Bool { left.rawValue < right.rawValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = InstanceID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an instance id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Where a port of an instance is reached.
public struct Endpoint: Hashable, Sendable, Codable, CustomStringConvertible {
    /// A literal IPv4 or IPv6 address, never a host name.
    public var host: String
    /// 1 to 65535.
    public var port: Int
    /// Makes an endpoint.
    public init(host: String, port: Int) { (self.host, self.port) = (host, port) }
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
