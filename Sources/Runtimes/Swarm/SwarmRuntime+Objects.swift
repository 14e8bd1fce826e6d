import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// Networks and volumes. One that is there is used only when it carries our labels.
extension SwarmRuntime {
    /// The id of a network that manifests name: one that reaches over all nodes, made when it is not there.
    func network(_ name: Name) async throws -> String {
        if let task = linking[name] { return try await task.value }
        let task = Task { try await ensureNetwork(EngineNames.network(name)) }
        linking[name] = task
        defer { linking[name] = nil }
        return try await task.value
    }

    private func ensureNetwork(_ name: String) async throws -> String {
        let mark = ObjectMark("network", owner: owner)
        let folder = configuration.folder
        return try await pool.ask("make a network") { client in
            do { return try await Self.overlay(name, client, mark, folder) } catch let error as DockerError
                where error.isNotFound
            {}
            do {
                try await client.createNetwork(name: name, driver: "overlay", labels: mark.labels)
            } catch let error as DockerError where error.isConflict {}
            return try await Self.overlay(name, client, mark, folder)
        }
    }

    private static func overlay(_ name: String, _ client: DockerClient, _ mark: ObjectMark, _ folder: String) async throws
        -> String
    {
        var found = try await client.network(name)
        // One that was just made has no driver until the swarm has given it addresses.
        for _ in 0..<100 where found.Driver?.isEmpty ?? true {
            try await Task.sleep(for: .milliseconds(100))
            found = try await client.network(name)
        }
        guard found.Driver == "overlay" else {
            throw DockerError(
                .refused, "make a network",
                "network \(name) is there and no overlay network, so it ends at one node; remove it with: docker network rm \(name)"
            )
        }
        if !mark.isFormer(found.Labels) {
            try mark.check(found.Labels, "network \(name)", removal: "docker network rm \(name)", folder: folder)
        }
        return found.Id
    }

    /// Those volumes of a workload that go by the name of earlier versions: where one of its services has used it since it was
    /// made. No manager can tell what volumes the nodes have, so what is known is written down in `former-volumes/`.
    func formerVolumes(of workload: Workload) async throws -> Set<Name> {
        var result: Set<Name> = []
        for volume in workload.mounts.compactMap(\.volume) {
            if isFormer(volume, of: workload.name) {
                result.insert(volume)
            } else {
                try await checkVolume(volume, of: workload.name)
            }
        }
        return result
    }

    private func isFormer(_ volume: Name, of workload: Name) -> Bool {
        let note = "\(configuration.folder)/former-volumes/\(workload).\(volume)"
        if access(note, F_OK) == 0 { return true }
        let name = EngineNames.formerVolume(volume, of: workload)
        let isUsed = written.values.contains { entry in
            guard let spec = try? JSONDecoder().decode(ServiceSpec.self, from: entry.document),
                spec.Labels?[ContainerMark.prefix + "workload"] == workload.rawValue
            else { return false }
            return (spec.TaskTemplate.ContainerSpec.Mounts ?? []).contains { $0.kind == "volume" && $0.Source == name }
        }
        if isUsed, isOpen {
            mkdir("\(configuration.folder)/former-volumes", 0o700)
            try? AtomicFile.write(Array("\(name)\n".utf8), to: note)
        }
        return isUsed
    }

    /// Remembers the volumes of earlier versions while their services are there to tell.
    func noteFormerVolumes() {
        for entry in written.values {
            guard let spec = try? JSONDecoder().decode(ServiceSpec.self, from: entry.document),
                let workload = (spec.Labels?[ContainerMark.prefix + "workload"]).flatMap({ Name($0) })
            else { continue }
            for mount in spec.TaskTemplate.ContainerSpec.Mounts ?? [] {
                let beginning = EngineNames.formerVolume(Name(literal: "x"), of: workload).dropLast()
                guard mount.kind == "volume", let source = mount.Source, source.hasPrefix(beginning),
                    let volume = Name(String(source.dropFirst(beginning.count)))
                else { continue }
                _ = isFormer(volume, of: workload)
            }
        }
    }

    /// A volume of that name at the manager's own node has to be ours. What other nodes have no manager tells.
    private func checkVolume(_ volume: Name, of workload: Name) async throws {
        let name = EngineNames.volume(volume, of: workload)
        let mark = ObjectMark.volume(volume, of: workload, owner: owner)
        let found: VolumeDetails?
        do { found = try await pool.ask("look for a volume") { try await $0.volume(name) } } catch let error as DockerError
            where error.isNotFound
        { found = nil }
        guard let found else { return }
        try mark.check(
            found.Labels, "volume \(name)", removal: "docker volume rm \(name)", folder: configuration.folder)
    }
}
