/// What an edge really does just now.
public struct ObservedEdge: Hashable, Sendable {
    /// Its listeners by key.
    public var listeners: [ListenerKey: ObservedListener]
    /// Makes an observation.
    public init(listeners: [ListenerKey: ObservedListener] = [:]) { self.listeners = listeners }

    /// Open connections of an instance over all listeners, 0 when it is in none.
    public func connections(of instance: InstanceID) -> Int {
        listeners.values.reduce(0) { $0 + ($1.servers[instance]?.connections ?? 0) }
    }
}

/// A listener is a port of a workload.
public struct ListenerKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The workload.
    public var workload: Name
    /// Its port's name.
    public var port: Name
    /// Makes a key.
    public init(workload: Name, port: Name) { (self.workload, self.port) = (workload, port) }
    public static func < (left: ListenerKey, right: ListenerKey) -> Bool {
        (left.workload, left.port) < (right.workload, right.port)
    }
    public var description: String { "\(workload)/\(port)" }
}

/// One listener as the edge reports it.
public struct ObservedListener: Hashable, Sendable {
    /// One server of a listener.
    public struct Server: Hashable, Sendable {
        /// Where it is.
        public var endpoint: Endpoint
        /// Share of the traffic, 0 to 256; 0 = gets no new connection.
        public var weight: Int
        /// Gets no new connection, keeps what it has.
        public var draining: Bool
        /// Connections open now.
        public var connections: Int
        /// Makes a server.
        public init(endpoint: Endpoint, weight: Int, draining: Bool, connections: Int) {
            (self.endpoint, self.weight, self.draining, self.connections) = (endpoint, weight, draining, connections)
        }
    }
    /// The address that traffic enters by.
    public var address: Endpoint
    /// Servers by instance.
    public var servers: [InstanceID: Server]
    /// Makes a listener.
    public init(address: Endpoint, servers: [InstanceID: Server]) { (self.address, self.servers) = (address, servers) }
}
