import CurfewDockerAPI
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation

@testable import CurfewDockerRuntime

/// No folders of a repository.
struct NoArtifacts: ArtifactSource {
    func checkOut(tree: ObjectID, into folder: String, limit: ByteCount) async throws {
        try Data("page\n".utf8).write(to: URL(filePath: folder + "/index.html"))
    }
}

/// An engine and a folder for a runtime.
struct Fixture {
    let host: EngineHost
    let scratch: Scratch

    func runtime(folder: String = "runtime", _ change: (inout DockerRuntimeConfiguration) -> Void = { _ in }) throws
        -> DockerRuntime
    {
        let endpoint = try needed(DockerEndpoint(host.endpoint))
        var configuration = DockerRuntimeConfiguration(
            name: Name(literal: "docker"), folder: scratch.file(folder), endpoint: endpoint, base: host.image)
        change(&configuration)
        return try DockerRuntime(configuration: configuration, artifacts: NoArtifacts())
    }

    static func with(_ body: (Fixture) async throws -> Void) async throws {
        try await EngineHost.with { try await body(Fixture(host: $0, scratch: try Scratch("docker"))) }
    }

    /// Runs `body` with a runtime that is open.
    func run(_ change: (inout DockerRuntimeConfiguration) -> Void = { _ in }, _ body: (DockerRuntime) async throws -> Void)
        async throws
    {
        let runtime = try runtime(change)
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
    )
        throws -> DesiredWorkload
    {
        var workload = Workload(
            name: try needed(Name(name)), runtime: Name(literal: "docker"), artifact: .image(host.image), command: command)
        change(&workload)
        return DesiredWorkload(
            workload: workload, generation: try needed(Generation(String(repeating: "ab", count: 32))), parts: [:],
            bundle: Name(literal: "default"), revision: try needed(ObjectID(String(repeating: "1", count: 40))))
    }
}

struct Missing: Error {}

func needed<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Missing() }
    return value
}

func newID(_ workload: String = "web") throws -> InstanceID {
    try needed(InstanceID("\(workload)-abababab-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"))
}

/// What is served at an endpoint.
func page(_ endpoint: Endpoint) async -> String? {
    let result = try? await execute("curl", ["-fsS", "-m", "2", "http://\(endpoint)/"])
    return result?.code == 0 ? result?.output : nil
}
