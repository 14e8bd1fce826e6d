import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel
import Foundation

extension SwarmRuntime {
    /// Done when no task of it is left on a node that can be reached. The grace is the one that the service was made with,
    /// as long as a healthy instance gets: a service is never changed. What runs on a node that is down is ended by the
    /// swarm when the node comes back.
    public func stop(_ id: InstanceID, grace: Span) async throws {
        if let task = stopping[id] { return try await task.value }
        let task = Task { try await end(id) }
        stopping[id] = task
        defer { stopping[id] = nil }
        try await task.value
    }

    private func end(_ id: InstanceID) async throws {
        if let task = starting[id] { _ = await task.result }
        guard let service = written[id]?.object ?? known[id]?.service else { return }
        let made = written[id].flatMap { try? JSONDecoder().decode(ServiceSpec.self, from: $0.document) }
        let grace = Duration.nanoseconds(made?.TaskTemplate.ContainerSpec.StopGracePeriod ?? 10_000_000_000)
        try await translating("stop instance", id.rawValue) {
            try await pool.ask("remove a service") { try await $0.removeService(service) }
            try await waitUntilGone(service, within: grace + .seconds(60))
        }
        known[id] = nil
        guard written[id]?.object == service else { return }
        try note(id, nil)
        secretsMayBeLeft = true
    }

    /// Tasks end by and by, and are told of until they have.
    private func waitUntilGone(_ service: String, within limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        while true {
            // The service is gone, so its tasks are found by the labels that they have from it.
            let left = try await pool.ask("list tasks") { try await $0.tasks(labels: instanceLabels) }
                .filter { $0.ServiceID == service }
            nodesAreStale = nodesAreStale || !left.isEmpty
            try await refreshNodes(for: left)
            let running = left.filter { task in
                guard let node = task.NodeID, !node.isEmpty else { return false }
                return nodes[node]?.Status?.State == "ready" && !["complete", "failed", "rejected"].contains(task.Status.State)
            }
            guard !running.isEmpty else { return }
            guard ContinuousClock.now < end else {
                throw DockerError(.timedOut, "remove a service", "a task of it has not ended within \(limit)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// A manager cannot run a command in a container of another node.
    public func run(_ command: [String], beside id: InstanceID, timeout: Span) async throws -> Int32 {
        guard written[id] != nil else {
            throw DriverError(.noInstance, operation: "run probe", subject: id.rawValue, "there is no such instance")
        }
        throw DriverError(
            .unsupported, operation: "run probe", subject: id.rawValue,
            "\(capabilities.missingCommandProbes ?? "it cannot be done"); use an http or tcp check, or the image's own")
    }
}
