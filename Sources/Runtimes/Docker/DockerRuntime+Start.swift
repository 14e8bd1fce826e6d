import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel
import Glibc

extension DockerRuntime {
    /// The network of instances that name none: of our own, without a way from one container to another.
    nonisolated var network: String { "curfew" }

    public func start(_ id: InstanceID, of workload: DesiredWorkload) async throws -> ObservedInstance {
        if let task = starting[id] { return try await task.value }
        let task = Task { try await launch(id, workload) }
        starting[id] = task
        defer { starting[id] = nil }
        return try await task.value
    }

    private func launch(_ id: InstanceID, _ desired: DesiredWorkload) async throws -> ObservedInstance {
        if let task = stopping[id] { _ = await task.result }
        try await claim()
        if let there = try await existing(id) { return there }
        try await prepare(desired)
        let (operation, workload) = ("start instance", desired.workload)
        do {
            let image = try await client.image(reference(of: workload.artifact))
            let files = try await secrets.write(workload.secrets, of: id, user: Self.user(of: workload, image))
            try await makeNetworks(workload)
            let volumes = try await makeVolumes(workload)
            let mark = ContainerMark(
                id, of: desired, ordinal: freeOrdinal(workload.name),
                createdAt: wallClock(), owner: owner)
            let request = ContainerRequest(
                mark, of: workload, image: image.Id, network: network, secrets: files, reach: configuration.reach,
                volumeName: { volumes[$0] ?? "" })
            let made = try await client.createContainer(
                name: id.rawValue, request.config, request.host, aliases: [network: [id.rawValue]])
            return try await begin(made.Id, mark, request, workload)
        } catch {
            secrets.remove(id)
            if let error = error as? DockerError, error.isConflict, error.message.contains("already in use") {
                throw DriverError(
                    .failed, operation: operation, subject: id.rawValue,
                    "a container of that name is there that Curfew did not make; remove it with: docker rm -f \(id)")
            }
            throw Self.driverError(error, operation, id.rawValue)
        }
    }

    /// From the container that has been made to one that runs; nothing is left when it fails.
    private func begin(_ container: String, _ mark: ContainerMark, _ request: ContainerRequest, _ workload: Workload)
        async throws
        -> ObservedInstance
    {
        do {
            var entry = Ledger.Entry(object: container, document: try request.encoded())
            try note(mark.id, entry)
            for name in workload.container.networks {
                try await client.connect(
                    container, to: EngineNames.network(name), aliases: [workload.name.rawValue, mark.id.rawValue])
            }
            try await client.startContainer(container)
            let details = try await client.container(container)
            entry.startedAt = details.State.StartedAt
            try note(mark.id, entry)
            // Published ports stand in the list alone.
            let line = try await client.containers(labels: [ContainerMark.prefix + "instance=\(mark.id)"]).first {
                $0.Id == container
            }
            guard let line else { throw DockerError(.refused, "start a container", "it vanished") }
            let sight = judge(line, details)
            known[container] = sight
            return sight.instance
        } catch {
            try? await client.removeContainer(container)
            try? note(mark.id, nil)
            throw error
        }
    }

    /// One that is there already: started by an earlier call.
    private func existing(_ id: InstanceID) async throws -> ObservedInstance? {
        guard let entry = written[id] else { return nil }
        do {
            let details = try await client.container(entry.object)
            guard details.State.Status != "created" else {
                // Whoever made it was killed before it could start it: made anew.
                try await client.removeContainer(entry.object)
                try note(id, nil)
                return nil
            }
            guard
                let line = try await client.containers(labels: [ContainerMark.prefix + "instance=\(id)"]).first(where: {
                    $0.Id == entry.object
                })
            else { return nil }
            return judge(line, details).instance
        } catch let error as DockerError where error.isNotFound {
            try note(id, nil)
            return nil
        } catch { throw Self.driverError(error, "start instance", id.rawValue) }
    }

    private func reference(of artifact: Artifact) -> String {
        if case .tree(_, let id) = artifact, let trees { return trees.reference(of: id) }
        return artifact.digest
    }

    private func freeOrdinal(_ workload: Name) -> Int {
        let taken = Set(
            known.values.filter { $0.instance.workload == workload }.compactMap {
                ($0.summary.Labels?[ContainerMark.prefix + "ordinal"]).flatMap { Int($0) }
            })
        return (0...taken.count).first { !taken.contains($0) } ?? 0
    }

    /// The numeric user that a container runs as, if it is known.
    private static func user(of workload: Workload, _ image: ImageDetails) -> uid_t? {
        let text = workload.container.user ?? image.Config?.User ?? ""
        if text.isEmpty { return 0 }
        return text.split(separator: ":", omittingEmptySubsequences: false).first.flatMap { uid_t($0) }
    }
}
