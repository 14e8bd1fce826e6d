import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
import CurfewModel

/// Networks and volumes. One that is there is used only when it carries our labels.
extension DockerRuntime {
    func makeNetworks(_ workload: Workload) async throws {
        try await makeNetwork(network, isolated: true)
        for name in workload.container.networks { try await makeNetwork(EngineNames.network(name), isolated: false) }
    }

    private func makeNetwork(_ name: String, isolated: Bool) async throws {
        if let task = linking[name] { return try await task.value }
        let task = Task { try await ensureNetwork(name, isolated: isolated) }
        linking[name] = task
        defer { linking[name] = nil }
        try await task.value
    }

    private func ensureNetwork(_ name: String, isolated: Bool) async throws {
        let mark = ObjectMark("network", owner: owner)
        if let there = try await existing({ try await client.network(name) }) { return try check(there, name, mark) }
        do {
            try await client.createNetwork(
                name: name, driver: "bridge", labels: mark.labels,
                options: isolated ? ["com.docker.network.bridge.enable_icc": "false"] : [:])
        } catch let error as DockerError where error.isConflict {
            // Somebody was faster; who it was is told by the labels.
            try check(try await client.network(name), name, mark)
        }
    }

    private func check(_ found: NetworkDetails, _ name: String, _ mark: ObjectMark) throws {
        if mark.isFormer(found.Labels) { return }
        try mark.check(
            found.Labels, "network \(name)", removal: "docker network rm \(name)", folder: configuration.folder)
    }

    /// The engine's names of the volumes of a workload.
    func makeVolumes(_ workload: Workload) async throws -> [Name: String] {
        var names: [Name: String] = [:]
        for volume in workload.mounts.compactMap(\.volume) { names[volume] = try await ensureVolume(volume, of: workload.name) }
        return names
    }

    private func ensureVolume(_ volume: Name, of workload: Name) async throws -> String {
        let (name, former) = (EngineNames.volume(volume, of: workload), EngineNames.formerVolume(volume, of: workload))
        let mark = ObjectMark.volume(volume, of: workload, owner: owner)
        func check(_ found: VolumeDetails) throws {
            try mark.check(
                found.Labels, "volume \(name)", removal: "docker volume rm \(name)", folder: configuration.folder)
        }
        if let there = try await existing({ try await client.volume(name) }) {
            try check(there)
            return name
        }
        // Made by an earlier version: its label says which of the workloads that the name can mean has its data in it.
        if let there = try await existing({ try await client.volume(former) }),
            mark.isFormer(there.Labels, needing: ["workload"])
        {
            return former
        }
        try await client.createVolume(name: name, labels: mark.labels)
        // The engine gives back one that is there, whoever made it.
        try check(try await client.volume(name))
        return name
    }

    /// What is there; `nil` when nothing is.
    private func existing<Value>(_ body: () async throws -> Value) async throws -> Value? {
        do { return try await body() } catch let error as DockerError where error.isNotFound { return nil }
    }
}
