import Foundation

/// A node of a swarm, as far as it is looked at.
public struct SwarmNode: Decodable, Sendable {
    /// Its id.
    public var ID: String
    /// What people decided about it.
    public var Spec: Wanted?
    /// What it says of itself.
    public var Description: Own?
    /// How it is.
    public var Status: State?
    /// For managers.
    public var ManagerStatus: Manager?

    /// What people decided about it.
    public struct Wanted: Decodable, Sendable, Hashable {
        /// Labels that managers give.
        public var Labels: [String: String]?
        /// `active`, `pause`, `drain`.
        public var Availability: String?
    }
    /// What it says of itself.
    public struct Own: Decodable, Sendable, Hashable {
        /// Its host name.
        public var Hostname: String?
    }
    /// How it is.
    public struct State: Decodable, Sendable, Hashable {
        /// `ready`, `down`, `unknown`, `disconnected`.
        public var State: String?
        /// Its address as the managers see it.
        public var Addr: String?
    }
    /// For managers.
    public struct Manager: Decodable, Sendable, Hashable {
        /// Address and port at which other managers reach it.
        public var Addr: String?
    }
}

extension DockerClient {
    /// All nodes of the swarm.
    public func nodes() async throws -> [SwarmNode] { try await fetch(.GET, "/nodes") }
}
