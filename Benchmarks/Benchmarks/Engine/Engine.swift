import Benchmark
import CurfewDockerAPI
import CurfewDockerRuntime
import CurfewDrivers
import CurfewModel
import Foundation

/// What it costs to look at an engine on which nothing has changed. Its socket and an image of it stand in a file: the
/// benchmark's runner hands on no environment.
let benchmarks: @Sendable () -> Void = {
    let words = (try? String(contentsOfFile: "/tmp/curfew-bench-engine", encoding: .utf8))?.split(separator: "\n") ?? []
    guard words.count == 2 else { return }
    let (socket, image) = (String(words[0]), String(words[1]))
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], timeUnits: .microseconds, warmupIterations: 3, maxDuration: .seconds(20), maxIterations: 50)

    Benchmark("observe: 500 containers, nothing changed") { benchmark in
        let runtime = try await Crowd.shared.runtime(socket, image)
        benchmark.startMeasurement()
        let seen = try await runtime.observe()
        benchmark.stopMeasurement()
        guard seen.count == Crowd.size, seen.allSatisfy({ $0.tampered == nil && $0.state == .running }) else {
            return benchmark.error("\(seen.count) are seen")
        }
    }

    Benchmark("floor: curl of the same list") { benchmark in
        _ = try await Crowd.shared.runtime(socket, image)
        let filter = "%7B%22label%22%3A%5B%22io.curfew.kind%3Dinstance%22%5D%7D"
        let list = "http://docker/v1.41/containers/json?all=true&filters=\(filter)"
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        curl.arguments = ["-fsS", "-o", "/dev/null", "--unix-socket", socket, list]
        benchmark.startMeasurement()
        try curl.run()
        curl.waitUntilExit()
        benchmark.stopMeasurement()
    }
}

/// Five hundred containers, made once for both figures of a process.
private actor Crowd {
    static let shared = Crowd()
    static let size = 500
    private var made: DockerRuntime?

    func runtime(_ socket: String, _ image: String) async throws -> DockerRuntime {
        if let made { return made }
        // The same folder for each process: the engine belongs to whoever came first.
        let folder = socket + ".runtime"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let docker = Name(literal: "docker")
        guard let endpoint = DockerEndpoint("unix://" + socket),
            let generation = Generation(String(repeating: "ab", count: 32)),
            let revision = ObjectID(String(repeating: "1", count: 40))
        else { throw CancellationError() }
        let runtime = try DockerRuntime(
            configuration: .init(name: docker, folder: folder, endpoint: endpoint), artifacts: NoArtifacts())
        try await runtime.open()
        let workload = Workload(
            name: Name(literal: "many"), runtime: docker, artifact: .image(image), command: ["sleep", "100000"])
        let desired = DesiredWorkload(
            workload: workload, generation: generation, parts: [:], bundle: Name(literal: "default"), revision: revision)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.size {
                if number >= 8 { try await group.next() }
                let id = InstanceID(workload: workload.name, generation: generation, suffix: UInt64(number))
                group.addTask { _ = try await runtime.start(id, of: desired) }
            }
            try await group.waitForAll()
        }
        _ = try await runtime.observe()
        made = runtime
        return runtime
    }
}

private struct NoArtifacts: ArtifactSource {
    func checkOut(tree: ObjectID, into folder: String, limit: ByteCount) async throws { throw CancellationError() }
}
