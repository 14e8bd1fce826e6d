@testable import CurfewContainers
@testable import CurfewDockerAPI
@testable import CurfewDockerRuntime
@testable import CurfewSwarmRuntime
import CurfewModel
import Foundation

/// Answers of an engine that lies: its JSON, its labels, its times, and its streams of log frames.
enum EngineTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let data = Data(bytes)
        logs(data)
        func decode<Value: Decodable>(_ type: Value.Type) -> Value? {
            do { return try JSONDecoder().decode(type, from: data) } catch {
                let words = DockerClient.words(error)
                expect(words.utf8.count < 1 << 17, "an error of \(words.utf8.count) bytes")
                return nil
            }
        }
        if let containers = decode([ContainerSummary].self) {
            for container in containers { take(container) }
            for (one, other) in zip(containers, containers.dropFirst()) { _ = one.isAs(other) }
        }
        if let details = decode(ContainerDetails.self) { take(details) }
        if let event = decode(EngineEvent.self) {
            _ = DockerClient.time(event.nanoseconds)
            labels(event.actor.Attributes ?? [:])
        }
        if let services = decode([ServiceDetails].self) {
            for service in services {
                labels(service.Spec.Labels ?? [:])
                if let first = services.first { _ = SpecDrift.first(service, made: first.Spec) }
            }
        }
        if let tasks = decode([SwarmTask].self) {
            let history = TaskHistory(tasks, moved: [])
            _ = (history.state, history.task?.ID)
            for task in tasks { _ = TaskHistory.reason(task) }
        }
        if let changes = decode([FileChange].self) {
            _ = ConfigurationDrift.changedFiles(changes, writable: ["/tmp", "/data"])
        }
        _ = decode([SwarmNode].self)
        _ = decode(EngineInfo.self)
        _ = decode(ImageDetails.self)
        _ = decode([ImageSummary].self)
        _ = decode(DistributionDetails.self)
        _ = decode(ExecDetails.self)
        let text = String(decoding: bytes, as: UTF8.self)
        if let time = SwarmTask.milliseconds(text) { _ = Instant(milliseconds: time).timestamp }
        _ = DockerClient.path(text)
        _ = DockerClient.split(text)
    }

    private static func logs(_ data: Data) {
        var demultiplexer = LogDemultiplexer()
        demultiplexer.add(data.prefix(data.count / 3))
        demultiplexer.add(data.dropFirst(data.count / 3))
        for line in demultiplexer.finished() {
            expect(line.utf8.count <= 3 * LogDemultiplexer.longest, "a line of \(line.utf8.count) bytes")
        }
    }

    private static func take(_ container: ContainerSummary) {
        _ = container.health
        labels(container.Labels ?? [:])
        expect(DockerRuntime.foreignID(container.Id).rawValue.hasPrefix("foreign-"), "a foreign container with another's id")
    }

    private static func take(_ details: ContainerDetails) {
        labels(details.Config.Labels ?? [:])
        _ = DockerRuntime.words(of: details.Config.Healthcheck)
    }

    private static func labels(_ labels: [String: String]) {
        guard let mark = ContainerMark(labels: labels) else { return }
        // Read again from what is written of it, it is the same.
        expect(ContainerMark(labels: mark.labels) == mark, "labels that read as others")
        _ = mark.placeholders
        _ = mark.createdAt.timestamp
    }
}
