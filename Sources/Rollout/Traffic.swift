import CurfewDrivers
import CurfewModel

/// What is known about the traffic of one workload: from the edge if it answered, else from what it was told last.
struct Traffic {
    /// Whether the workload has, or had, an address at all; without one nothing needs draining.
    let exists: Bool
    /// It has one, and the edge did not answer.
    let isBlind: Bool
    private let seen: [ListenerKey: ObservedListener]
    private let told: [EdgeListener]

    init(_ input: RolloutInput) {
        told = input.lastListeners.filter { $0.key.workload == input.workload }
        var keys = Set(told.map(\.key))
        for port in input.desired?.workload.ports ?? [] { keys.insert(ListenerKey(workload: input.workload, port: port.name)) }
        for instance in input.instances {
            for port in instance.endpoints.keys { keys.insert(ListenerKey(workload: input.workload, port: port)) }
        }
        var seen: [ListenerKey: ObservedListener] = [:]
        for key in keys { seen[key] = input.edge?.listeners[key] }
        self.seen = seen
        exists = !seen.isEmpty || !told.isEmpty || input.desired?.workload.ports.contains { $0.expose != nil } ?? false
        isBlind = exists && input.edge == nil
    }

    /// The edge's listeners of this workload, in order.
    var listeners: [(key: ListenerKey, value: ObservedListener)] { seen.sorted { $0.key < $1.key } }

    /// Whether new connections reach it.
    func isActive(_ id: InstanceID) -> Bool {
        if isBlind { return wasTold(id) { $0.weight > 0 && !$0.draining } }
        return seen.values.contains { listener in listener.servers[id].map { $0.weight > 0 && !$0.draining } ?? false }
    }

    /// Whether the edge knows it.
    func isPresent(_ id: InstanceID) -> Bool {
        isBlind ? wasTold(id) { _ in true } : seen.values.contains { $0.servers[id] != nil }
    }

    /// Whether it gets traffic, or would if the edge had not been restarted.
    func mayBeActive(_ id: InstanceID) -> Bool { isActive(id) || wasTold(id) { $0.weight > 0 && !$0.draining } }

    /// Open connections over all listeners; 0 when the edge does not answer.
    func connections(of id: InstanceID) -> Int { seen.values.reduce(0) { $0 + ($1.servers[id]?.connections ?? 0) } }

    /// Whether an edge that does not answer can be known not to send it anything: it was never told to.
    func wasNeverTold(_ id: InstanceID) -> Bool { !told.isEmpty && !wasTold(id) { _ in true } }

    /// Whether the edge really does what these listeners say, as far as it concerns who gets new connections.
    func shows(_ listeners: [EdgeListener]) -> Bool {
        if isBlind { return false }
        return listeners.allSatisfy { listener in
            let active = listener.servers.filter { $0.weight > 0 && !$0.draining }
            if active.isEmpty { return true }
            guard let seen = seen[listener.key] else { return false }
            return active.allSatisfy { server in
                seen.servers[server.instance].map { $0.weight > 0 && !$0.draining } ?? false
            }
        }
    }

    private func wasTold(_ id: InstanceID, _ condition: (EdgeListener.Server) -> Bool) -> Bool {
        told.contains { $0.servers.contains { $0.instance == id && condition($0) } }
    }
}
