import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel

extension DockerRuntime {
    public func stop(_ id: InstanceID, grace: Span) async throws {
        if let task = stopping[id] { return try await task.value }
        let task = Task { try await end(id, grace: grace) }
        stopping[id] = task
        defer { stopping[id] = nil }
        try await task.value
    }

    private func end(_ id: InstanceID, grace: Span) async throws {
        if let task = starting[id] { _ = await task.result }
        guard let container = written[id]?.object ?? known.first(where: { $0.value.instance.id == id })?.key else { return }
        try await translating("stop instance", id.rawValue) {
            do {
                // Whole seconds: rather longer than shorter.
                let seconds = Int((grace.milliseconds + 999) / 1000)
                if seconds > 0 { try await client.stopContainer(container, grace: seconds) }
                try await client.removeContainer(container)
            } catch let error as DockerError where error.isNotFound {
            } catch let error as DockerError where error.isConflict && error.message.contains("already in progress") {
                try await waitUntilGone(container)
            }
        }
        known[container] = nil
        if written[id]?.object == container {
            try note(id, nil)
            secrets.remove(id)
        }
    }

    private func waitUntilGone(_ container: String) async throws {
        for _ in 0..<300 {
            do { _ = try await client.container(container) } catch let error as DockerError where error.isNotFound { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw DockerError(.timedOut, "remove a container", "the engine has been removing it for half a minute")
    }
}
