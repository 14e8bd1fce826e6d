import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel
import Foundation

extension SwarmRuntime {
    /// Returns once the task runs or has ended, or after ``SwarmRuntimeConfiguration/patience``: a node may have much to
    /// pull, and there may be no node just now.
    public func start(_ id: InstanceID, of workload: DesiredWorkload) async throws -> ObservedInstance {
        if let task = starting[id] { return try await task.value }
        let task = Task { try await launch(id, workload) }
        starting[id] = task
        defer { (starting[id], ordinals[id]) = (nil, nil) }
        return try await task.value
    }

    private func launch(_ id: InstanceID, _ desired: DesiredWorkload) async throws -> ObservedInstance {
        if let task = stopping[id] { _ = await task.result }
        try await claim()
        if let there = try await existing(id) { return there }
        try await prepare(desired)
        let (operation, workload) = ("start instance", desired.workload)
        let ordinal = freeOrdinal(workload.name)
        ordinals[id] = (workload.name, ordinal)
        let image = workload.artifact.digest
        let login = try credentials.login(for: image)
        return try await translating(operation, id.rawValue) {
            var networks: [String] = []
            for name in workload.container.networks { networks.append(try await network(name)) }
            let secrets = try await secrets(of: workload)
            let instant = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            let mark = ContainerMark(id, of: desired, ordinal: ordinal, createdAt: instant, owner: owner)
            let former = try await formerVolumes(of: workload)
            let spec = ServiceRequest.spec(
                mark, of: workload, image: image, secrets: secrets, networks: networks, formerVolumes: former)
            let service = try await make(spec, login)
            do {
                try note(id, Ledger.Entry(object: service, document: try JSONEncoder().encode(spec)))
            } catch {
                try? await pool.ask("remove a service") { try await $0.removeService(service) }
                throw error
            }
            return try await settled(id, service)
        }
    }

    /// Makes the service. A manager may have made it and been lost before it could say so: then it is there, as we wanted
    /// it, and it is ours.
    func make(_ spec: ServiceSpec, _ login: RegistryLogin?) async throws -> String {
        try await pool.ask("create a service") { client in
            do {
                return try await client.createService(spec, authorization: login?.header)
            } catch let error as DockerError where error.isConflict {
                let there = try await client.service(spec.Name)
                guard SpecDrift.first(there, made: spec) == nil else {
                    throw DockerError(
                        .refused, "create a service",
                        "a service of that name is there that Curfew did not make; remove it with: docker service rm \(spec.Name)"
                    )
                }
                return there.ID
            }
        }
    }

    /// One that is there already: started by an earlier call.
    private func existing(_ id: InstanceID) async throws -> ObservedInstance? {
        guard let entry = written[id] else { return nil }
        do { return try await settled(id, entry.object) } catch let error as DockerError where error.isNotFound {
            try note(id, nil)
            return nil
        } catch { throw Self.driverError(error, "start instance", id.rawValue) }
    }

    /// Waits until the task runs or has ended.
    private func settled(_ id: InstanceID, _ service: String) async throws -> ObservedInstance {
        let end = ContinuousClock.now + configuration.patience
        var pause = Duration.milliseconds(100)
        while true {
            let details = try await pool.ask("look for a service") { try await $0.service(service) }
            let tasks = try await pool.ask("list tasks") {
                try await $0.tasks(labels: [ContainerMark.prefix + "instance=\(id)"])
            }.filter { $0.ServiceID == service }
            try await refreshNodes(for: tasks)
            let (instance, sight) = judge(details, tasks)
            known[instance.id] = sight
            // One that its image checks itself is not told as running before it has passed.
            let isChecked = instance.health?.probe == .image && tasks.contains { $0.Status.State == "starting" }
            if instance.state != .starting || isChecked || ContinuousClock.now >= end { return instance }
            // A manager has many to answer.
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(800))
        }
    }

    private func freeOrdinal(_ workload: Name) -> Int {
        let taken = Set(
            known.values.filter { $0.workload == workload }.map(\.ordinal)
                + ordinals.values.filter { $0.workload == workload }.map(\.ordinal))
        return (0...taken.count).first { !taken.contains($0) } ?? 0
    }
}
