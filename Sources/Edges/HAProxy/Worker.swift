import CurfewDrivers
import CurfewModel

/// What a worker reports, by HAProxy's own names; foreign things are in it too.
struct WorkerState: Sendable, Equatable {
    struct Server: Sendable, Equatable {
        var endpoint: Endpoint?
        var weight = 0
        var draining = false
        var maintenance = false
        /// Requests or connections that it is serving or that wait for it.
        var connections = 0
    }
    struct Proxy: Sendable, Equatable {
        var mode = ""
        var isOpen = false
        var addresses: [Endpoint] = []
        var servers: [String: Server] = [:]
    }
    var proxies: [String: Proxy] = [:]

    /// As the rest of Curfew sees it.
    var observed: ObservedEdge {
        var edge = ObservedEdge()
        for (name, proxy) in proxies {
            guard let key = ListenerKey(proxy: name), proxy.isOpen, let address = proxy.addresses.first else { continue }
            var servers: [InstanceID: ObservedListener.Server] = [:]
            for (name, server) in proxy.servers {
                guard let instance = InstanceID(name), let endpoint = server.endpoint else { continue }
                servers[instance] = ObservedListener.Server(
                    endpoint: endpoint, weight: server.weight, draining: server.draining || server.maintenance,
                    connections: server.connections)
            }
            edge.listeners[key] = ObservedListener(address: address, servers: servers)
        }
        return edge
    }
}

extension ListenerKey {
    /// The proxy that carries this listener. Names hold no colon, so it can be read back.
    var proxy: String { "\(workload):\(port)" }

    /// The listener of a proxy, `nil` when the proxy is not one of ours.
    init?(proxy: String) {
        let parts = proxy.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let workload = Name(String(parts[0])), let port = Name(String(parts[1])) else { return nil }
        self.init(workload: workload, port: port)
    }
}

/// The processes as `show proc` on the master's socket lists them.
struct ProcessTable: Sendable, Equatable {
    /// How often the last reload has failed since one worked.
    var failed = 0
    /// The worker that takes new connections.
    var current: Int32?
    /// Workers of earlier configurations that finish their connections.
    var old: [Int32] = []

    /// - Throws: ``DriverError`` when `text` is not such a list.
    init(_ text: String) throws {
        var isOld = false
        var hasMaster = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") {
                isOld = line.hasPrefix("# old")
                continue
            }
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 3, let pid = Int32(fields[0]) else { throw unreadable("show proc", line) }
            switch fields[1] {
            case "master":
                hasMaster = true
                if fields.count > 4, fields[3] == "[failed:" { failed = Int(fields[4].dropLast()) ?? 0 }
            case "worker": if isOld { old.append(pid) } else { current = pid }
            default: continue
            }
        }
        guard hasMaster else { throw unreadable("show proc", text.prefix(80)) }
    }
}

/// What to say when HAProxy answers something that is not understood; nothing is guessed from half an answer.
func unreadable(_ command: String, _ text: some StringProtocol) -> DriverError {
    DriverError(
        .failed, operation: "read haproxy's", subject: command,
        "unexpected answer: \(String(text.prefix(200)).escapingControls)")
}
