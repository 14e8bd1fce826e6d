import CurfewContainers
import CurfewDockerAPI
public import CurfewDrivers
public import CurfewModel

extension DockerRuntime: LogServer {
    public func logTail(_ id: InstanceID, lines: Int) async throws -> [String] {
        guard lines > 0 else { return [] }
        return try await translating("read the log of", id.rawValue) {
            guard let container = try await container(of: id) else { return [] }
            do {
                var tail = try await client.logTail(.container(container), lines: lines)
                let state = try await client.container(container).State
                if state.OOMKilled ?? false { tail.append("curfew: the kernel ended it: over its memory limit") }
                if let error = state.Error, !error.isEmpty { tail.append("curfew: the engine says: \(error.prefix(500))") }
                return tail.suffix(lines)
            } catch let error as DockerError where error.isNotFound { return [] }
        }
    }

    public func logs(of target: String) async throws -> [InstanceID] {
        try await translating("find logs", "\(client.endpoint)") {
            try await marks(["instance"]).filter { $0.0.workload.rawValue == target || $0.0.id.rawValue == target }
                .sorted { ($0.0.createdAt, $0.0.id) < ($1.0.createdAt, $1.0.id) }.map(\.0.id)
        }
    }

    public func followLog(_ id: InstanceID, lines: Int, _ take: @Sendable (String) async throws -> Void) async throws {
        try await translating("follow the log of", id.rawValue) {
            guard let container = try await container(of: id) else { return }
            do { try await client.followLog(.container(container), tail: lines, take) } catch let error as DockerError
                where error.isNotFound
            {}
        }
    }

    /// The container of an instance. A command beside the service does not know those that were made since it began.
    private func container(of id: InstanceID) async throws -> String? {
        if let known = written[id]?.object ?? known.first(where: { $0.value.instance.id == id })?.key { return known }
        return try await marks(["instance=\(id)"]).first { $0.0.id == id }?.1
    }

    /// Our containers with these labels, each with the engine's id.
    private func marks(_ labels: [String]) async throws -> [(ContainerMark, String)] {
        let kind = [ContainerMark.kind + "=instance"]
        return try await client.containers(labels: kind + labels.map { ContainerMark.prefix + $0 }).compactMap { line in
            guard let mark = line.Labels.flatMap({ ContainerMark(labels: $0) }), mark.owner == owner else { return nil }
            return (mark, line.Id)
        }
    }
}
