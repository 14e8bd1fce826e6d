import CurfewContainers
import CurfewDockerAPI
public import CurfewDrivers
public import CurfewModel

extension SwarmRuntime: LogServer {
    public func logTail(_ id: InstanceID, lines: Int) async throws -> [String] {
        guard lines > 0 else { return [] }
        return try await translating("read the log of", id.rawValue) {
            guard let task = try await task(of: id) else { return [] }
            var tail: [String] = []
            if task.Status.ContainerStatus != nil {
                do {
                    tail = try await pool.ask("read a log") { try await $0.logTail(.task(task.ID), lines: lines) }
                } catch let error as DockerError where error.isNotFound {
                } catch let error as DockerError {
                    tail.append("curfew: the log cannot be had: \(error.message)")
                }
            }
            if let reason = TaskHistory.reason(task) { tail.append("curfew: the swarm says: \(reason)") }
            return tail.suffix(lines)
        }
    }

    public func logs(of target: String) async throws -> [InstanceID] {
        try await translating("find logs", pool.place) {
            try await marks().filter { $0.0.workload.rawValue == target || $0.0.id.rawValue == target }
                .sorted { ($0.0.createdAt, $0.0.id) < ($1.0.createdAt, $1.0.id) }.map(\.0.id)
        }
    }

    public func followLog(_ id: InstanceID, lines: Int, _ take: @Sendable (String) async throws -> Void) async throws {
        try await translating("follow the log of", id.rawValue) {
            guard let task = try await task(of: id) else { return }
            try await pool.ask("follow a log") { try await $0.followLog(.task(task.ID), tail: lines, take) }
        }
    }

    /// The task that an instance is. A command beside the service does not know those that were made since it began.
    private func task(of id: InstanceID) async throws -> SwarmTask? {
        var service = written[id]?.object ?? known[id]?.service
        if service == nil { service = try await marks().first { $0.0.id == id }?.1 }
        guard let service else { return nil }
        let tasks = try await pool.ask("list tasks") { try await $0.tasks(labels: instanceLabels) }
        return TaskHistory(tasks.filter { $0.ServiceID == service }, moved: moved).task
    }

    /// Our services, each with the swarm's id.
    private func marks() async throws -> [(ContainerMark, String)] {
        try await pool.ask("list services") { try await $0.services(labels: instanceLabels) }.compactMap { service in
            guard let mark = ContainerMark(labels: service.Spec.Labels ?? [:]), mark.owner == owner else { return nil }
            return (mark, service.ID)
        }
    }
}
