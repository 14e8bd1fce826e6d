import CurfewDrivers
import CurfewModel

extension Engine {
    /// Nothing is started, stopped or drained: what runs and gets traffic goes on so.
    mutating func hold(_ reason: String) -> RolloutDecision {
        decision(standing(), .held(reason))
    }

    /// It has left the manifests: what is left of it is drained and stopped, then forgotten.
    mutating func retire() -> RolloutDecision {
        if input.held { return hold("the plan holds it") }
        if members.isEmpty {
            memory = WorkloadMemory()
            return decision([], .converged)
        }
        if !input.waitsFor.isEmpty {
            var decision = hold("")
            decision.phase = .progressing("waits for \(input.waitsFor.map(\.rawValue).joined(separator: ", "))")
            return decision
        }
        memory.rollout = nil
        let alive = members.filter { $0.instance.foreign == nil && $0.standing.isAlive }
        var decision = finish(
            [], removing: alive.map { Removal(member: $0, reason: "left the manifests") }, moved: false,
            text: "retired: \(members.count) to go")
        // Without the manifest the listeners are known by what the edge was told, or failing that by what it does.
        if decision.listeners.isEmpty {
            decision.listeners = standing().map { listener in
                var listener = listener
                for index in listener.servers.indices { listener.servers[index].draining = true }
                return listener
            }.filter { !$0.servers.isEmpty }
        }
        return decision
    }

    /// The listeners as they are: as told last, else as seen at the edge, else as desired with what is ready.
    private func standing() -> [EdgeListener] {
        let told = input.lastListeners.filter { $0.key.workload == input.workload }
        if !told.isEmpty { return told.map(withoutEnded) }
        let seen = traffic.listeners.map { key, listener in
            let port = exposed.first { $0.name == key.port }
            // Nobody knows the mode any more: TCP lets everything through.
            return EdgeListener(
                key: key, port: port?.expose ?? listener.address.port, mode: port?.mode ?? .tcp,
                servers: listener.servers.sorted { $0.key < $1.key }.map { id, server in
                    .init(instance: id, endpoint: server.endpoint, weight: server.weight, draining: server.draining)
                })
        }
        if !seen.isEmpty { return seen.map(withoutEnded) }
        return listeners(active: members.filter { $0.standing == .ready }.map { Share($0) }, moved: true)
    }

    /// Without instances that are seen to have ended, as long as others remain. An instance that is not seen at all stays:
    /// its runtime may not have answered.
    private func withoutEnded(_ listener: EdgeListener) -> EdgeListener {
        let gone = Set(members.filter { !$0.standing.isAlive || $0.instance.foreign != nil }.map(\.id))
        let rest = listener.servers.filter { !gone.contains($0.instance) }
        var result = listener
        if !rest.isEmpty { result.servers = rest }
        return result
    }
}
