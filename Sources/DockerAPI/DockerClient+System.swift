import Foundation

/// What an engine says of itself.
public struct EngineInfo: Decodable, Sendable {
    /// Its own id; stays the same as long as its data folder.
    public var ID: String
    /// The name of its host.
    public var Name: String?
    /// Its version.
    public var ServerVersion: String?
    /// What it is in a swarm.
    public var Swarm: SwarmInfo?
    /// Things that it warns of.
    public var Warnings: [String]?
    /// Whether limits can be held.
    public var MemoryLimit: Bool?
    /// Whether CPU limits can be held.
    public var CpuCfsQuota: Bool?
    /// Whether the number of processes can be limited.
    public var PidsLimit: Bool?
    /// Logging driver of containers that name none.
    public var LoggingDriver: String?

    /// What an engine is in a swarm.
    public struct SwarmInfo: Decodable, Sendable {
        /// This node's id, empty outside a swarm.
        public var NodeID: String?
        /// `active`, `inactive`, `pending`, `locked`, `error`.
        public var LocalNodeState: String?
        /// Whether it is a manager.
        public var ControlAvailable: Bool?
        /// Why not.
        public var Error: String?
        /// The swarm, as managers tell it.
        public var Cluster: Cluster?
        /// A swarm.
        public struct Cluster: Decodable, Sendable, Hashable {
            /// Its id.
            public var ID: String?
        }
    }
}

/// One event of an engine.
public struct EngineEvent: Decodable, Sendable {
    /// About whom.
    public struct Actor: Decodable, Sendable {
        /// Its id.
        public var ID: String?
        /// Labels, image, name and what the action adds.
        public var Attributes: [String: String]?
    }
    /// `container`, `image`, `service`, …
    public var kind: String
    /// `start`, `die`, `exec_create: sh -c id`, …
    public var action: String
    /// About whom.
    public var actor: Actor
    /// Nanoseconds since 1970.
    public var nanoseconds: Int64

    enum CodingKeys: String, CodingKey {
        case kind = "Type"
        case action = "Action"
        case actor = "Actor"
        case nanoseconds = "timeNano"
    }
}

extension DockerClient {
    /// Whether the engine answers.
    public func ping() async throws { _ = try await call(.GET, "/_ping") }

    /// What the engine says of itself.
    public func info() async throws -> EngineInfo { try await fetch(.GET, "/info") }

    /// Gives each event to `take`, from `since` on (nanoseconds since 1970), and returns at `until` or when the engine ends.
    /// - Parameter filters: such as `["type": ["container"]]`.
    public func events(
        since: Int64? = nil, until: Int64? = nil, filters: [String: [String]], _ take: (EngineEvent) async throws -> Void
    ) async throws {
        var query = [("filters", try Self.filters(filters))]
        if let since { query.append(("since", Self.time(since))) }
        if let until { query.append(("until", Self.time(until))) }
        let decoder = JSONDecoder()
        try await eachLine(.GET, "/events", query, isSteady: until != nil, within: until == nil ? nil : .seconds(60)) { line in
            // Kinds that are newer than we are do not end the stream.
            guard let event = try? decoder.decode(EngineEvent.self, from: line) else { return }
            try await take(event)
        }
    }

    /// Seconds and nanoseconds as the API wants them.
    static func time(_ nanoseconds: Int64) -> String {
        let (whole, part) = max(0, nanoseconds).quotientAndRemainder(dividingBy: 1_000_000_000)
        return "\(whole)." + String(repeating: "0", count: 9 - String(part).count) + String(part)
    }

    static func filters(_ filters: [String: [String]]) throws -> String {
        String(decoding: try encode(filters), as: UTF8.self)
    }
}
