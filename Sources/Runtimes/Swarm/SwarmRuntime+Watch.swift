import CurfewDockerAPI
import CurfewDrivers
import CurfewModel

extension SwarmRuntime {
    /// Listens to what the swarm tells of services and nodes, and looks at the tasks now and then, of which it tells
    /// nothing. Ends when either cannot go on.
    func watch() async throws {
        try await claim()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.listen() }
            group.addTask { try await self.poll() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func listen() async throws {
        try await pool.ask("listen to the swarm") { client in
            try await client.events(filters: ["type": ["service", "node"], "scope": ["swarm"]]) { event in
                self.take(event)
            }
        }
    }

    private func take(_ event: EngineEvent) {
        if event.kind == "node" { nodesAreStale = true }
        let subject = event.actor.Attributes?["name"] ?? event.actor.ID ?? ""
        report.yield(
            RuntimeEvent(
                runtime: name, instance: event.kind == "service" ? InstanceID(subject) : nil,
                detail: "\(event.kind.prefix(20)) \(subject.prefix(100)): \(event.action.prefix(40))".escapingControls))
    }

    private func poll() async throws {
        while true {
            let tasks = try await pool.ask("list tasks") { try await $0.tasks(labels: instanceLabels) }
            note(tasks)
            let now = Dictionary(tasks.map { ($0.ID, "\($0.Status.State) \($0.DesiredState ?? "")") }) { first, _ in first }
            if let polled, polled != now {
                let changed = now.first { polled[$0.key] != $0.value }
                report.yield(
                    RuntimeEvent(
                        runtime: name,
                        detail: changed.map { "task \($0.key.prefix(30)) is \($0.value.prefix(40))".escapingControls }
                            ?? "a task is gone"))
            }
            polled = now
            if secretsMayBeLeft, starting.isEmpty {
                secretsMayBeLeft = false
                _ = try? await sweep()
            }
            try await Task.sleep(for: configuration.poll)
        }
    }
}
