import CurfewDrivers
import CurfewModel

extension Engine {
    /// What the edge shall do: `active` get new connections; whatever else lives and is known to the edge drains.
    func listeners(active: [Share], moved: Bool) -> [EdgeListener] {
        let shares = Dictionary(active.map { ($0.member.id, $0.weight) }) { first, _ in first }
        var result: [EdgeListener] = []
        var taken: Set<Int> = []
        for frame in frames(moved: moved) where !taken.contains(frame.port) {
            var listener = frame
            listener.servers = servers(of: frame.key.port, shares)
            let isWanted = exposed.contains { $0.name == frame.key.port }
            let isOpen = input.lastListeners.contains { $0.key == frame.key }
            // A port of the new generation opens when somebody is behind it; one that only the old generation had
            // closes when the last of them is drained.
            if listener.servers.isEmpty && (!isWanted || !moved && !isOpen && !input.lastListeners.isEmpty) { continue }
            taken.insert(listener.port)
            result.append(listener)
        }
        return result.sorted { $0.key < $1.key }
    }

    /// The listeners without servers, those that win a conflict first.
    private func frames(moved: Bool) -> [EdgeListener] {
        let wanted = exposed.compactMap { port in
            port.expose.map {
                EdgeListener(
                    key: ListenerKey(workload: input.workload, port: port.name), port: $0, mode: port.mode, servers: [])
            }
        }
        let told = input.lastListeners.filter { $0.key.workload == input.workload }
        let (first, second) = moved ? (wanted, told) : (told, wanted)
        return first + second.filter { frame in !first.contains { $0.key == frame.key } }
    }

    private func servers(of port: Name, _ shares: [InstanceID: Int]) -> [EdgeListener.Server] {
        members.compactMap { member in
            guard member.instance.foreign == nil, member.standing.isAlive, let endpoint = member.instance.endpoints[port] else {
                return nil
            }
            if let weight = shares[member.id] {
                return EdgeListener.Server(instance: member.id, endpoint: endpoint, weight: weight)
            }
            guard traffic.isPresent(member.id) || memory.drainingSince[member.id] != nil else { return nil }
            return EdgeListener.Server(instance: member.id, endpoint: endpoint, draining: true)
        }.sorted { $0.instance < $1.instance }
    }
}
