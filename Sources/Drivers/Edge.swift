public import CurfewModel

/// The way that traffic takes to instances: stable addresses in front of instances that come and go.
public protocol Edge: Sendable {
    /// What it does just now. Starts nothing; throws ``DriverError`` when the edge is down.
    func observe() async throws -> ObservedEdge

    /// Makes the edge equal to `listeners`: starts it when it is down, opens and closes listeners without losing a
    /// connection, adds, weighs, drains and removes servers. Servers and listeners that are not named are removed.
    /// Idempotent; with nothing to change it changes nothing. Returns what it does afterwards.
    func apply(_ listeners: [EdgeListener]) async throws -> ObservedEdge
}

/// One stable address and the instances behind it.
public struct EdgeListener: Sendable, Hashable {
    /// One instance behind a listener.
    public struct Server: Sendable, Hashable {
        /// The instance.
        public var instance: InstanceID
        /// Where it is.
        public var endpoint: Endpoint
        /// Share of the traffic, 0 to 256.
        public var weight: Int
        /// Gets no new connection, keeps what it has.
        public var draining: Bool
        /// Makes a server.
        public init(instance: InstanceID, endpoint: Endpoint, weight: Int = 100, draining: Bool = false) {
            (self.instance, self.endpoint, self.weight, self.draining) = (instance, endpoint, weight, draining)
        }
    }
    /// Which port of which workload.
    public var key: ListenerKey
    /// The port that traffic enters by.
    public var port: Int
    /// How the traffic is treated.
    public var mode: Port.Mode
    /// The instances behind it.
    public var servers: [Server]
    /// Makes a listener.
    public init(key: ListenerKey, port: Int, mode: Port.Mode, servers: [Server]) {
        (self.key, self.port, self.mode, self.servers) = (key, port, mode, servers)
    }
}
