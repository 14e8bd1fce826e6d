import CurfewDockerAPI
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewSwarmRuntime

/// No folders of a repository.
struct NoArtifacts: ArtifactSource {
    func checkOut(tree: ObjectID, into folder: String, limit: ByteCount) async throws {}
}

let whySkipped: Comment = "a swarm of several nodes on one machine needs root"

/// A swarm and a folder for a runtime.
struct Fixture {
    let host: SwarmHost
    let scratch: Scratch

    static func with(nodes: Int = 2, managers: Int = 1, _ body: (Fixture) async throws -> Void) async throws {
        try await SwarmHost.with(nodes: nodes, managers: managers) {
            try await body(Fixture(host: $0, scratch: try Scratch("swarm")))
        }
    }

    func runtime(
        folder: String = "runtime", endpoints: [Int] = [1], _ change: (inout SwarmRuntimeConfiguration) -> Void = { _ in }
    ) throws -> SwarmRuntime {
        var configuration = SwarmRuntimeConfiguration(
            name: Name(literal: "swarm"), folder: scratch.file(folder),
            endpoints: try endpoints.map { try needed(DockerEndpoint(host.endpoint($0))) })
        configuration.poll = .milliseconds(200)
        configuration.timeout = .seconds(5)
        change(&configuration)
        return try SwarmRuntime(configuration: configuration, artifacts: NoArtifacts())
    }

    /// Runs `body` with a runtime that is open.
    func run(
        endpoints: [Int] = [1], _ change: (inout SwarmRuntimeConfiguration) -> Void = { _ in },
        _ body: (SwarmRuntime) async throws -> Void
    ) async throws {
        let runtime = try runtime(endpoints: endpoints, change)
        try await runtime.open()
        do { try await body(runtime) } catch {
            await runtime.shutdown()
            throw error
        }
        await runtime.shutdown()
    }

    /// A workload of the base image.
    func desired(
        _ name: String = "web", _ command: [String] = ["busybox", "sleep", "1000"],
        _ change: (inout Workload) -> Void = { _ in }
    ) throws -> DesiredWorkload {
        var workload = Workload(
            name: try needed(Name(name)), runtime: Name(literal: "swarm"), artifact: .image(host.image), command: command,
            rollout: RolloutPolicy(drain: .seconds(1)))
        change(&workload)
        return try wanted(workload)
    }

    /// A workload that serves the name of its node.
    func site(_ change: (inout Workload) -> Void = { _ in }) throws -> DesiredWorkload {
        let script =
            "busybox mkdir -p /tmp/w && busybox hostname > /tmp/w/index.html && exec busybox httpd -f -p $(HOST):$(PORT) -h /tmp/w"
        return try desired("site", ["busybox", "sh", "-c", script]) {
            $0.ports = [Port(name: Name(literal: "http"))]
            change(&$0)
        }
    }
}

struct Missing: Error {}

func needed<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Missing() }
    return value
}

func wanted(_ workload: Workload) throws -> DesiredWorkload {
    DesiredWorkload(
        workload: workload, generation: try needed(Generation(String(repeating: "ab", count: 32))), parts: [:],
        bundle: Name(literal: "default"), revision: try needed(ObjectID(String(repeating: "1", count: 40))))
}

func newID(_ workload: String = "web") throws -> InstanceID {
    try needed(InstanceID("\(workload)-abababab-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"))
}

/// What is served at an endpoint.
func page(_ endpoint: Endpoint?) async -> String? {
    guard let endpoint else { return nil }
    let result = try? await execute("curl", ["-fsS", "-m", "2", "http://\(endpoint)/"])
    return result?.code == 0 ? result?.output : nil
}
