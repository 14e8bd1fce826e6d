@testable import CurfewDesiredState
import CurfewModel
import Testing

/// Imports Compose files for tests, and reads what is written with the decoder that reads repositories.
enum ComposeFixture {
    static let digest = "@sha256:" + String(repeating: "a", count: 64)
    static let docker = Name(literal: "docker")

    static func read(
        _ text: String, files: [String: String] = [:], _ change: (inout ComposeOptions) -> Void = { _ in }
    ) -> ComposeImport {
        var options = ComposeOptions(runtime: docker, folder: "shop")
        change(&options)
        return ComposeImport(Array(text.utf8), file: "compose.yaml", options: options) { name throws(ComposeFileFault) in
            guard let text = files[name] else { throw ComposeFileFault("it cannot be read") }
            return Array(text.utf8)
        }
    }

    /// Imports one service `web` with an image and these lines, indented by four.
    static func service(
        _ lines: String, top: String = "", files: [String: String] = [:], _ change: (inout ComposeOptions) -> Void = { _ in }
    ) -> ComposeImport {
        read("services:\n  web:\n    image: nginx:1.27\(digest)\n\(lines)\n\(top)", files: files, change)
    }

    /// The workload `web`; fails the test if there is none.
    static func web(_ lines: String, top: String = "", _ change: (inout ComposeOptions) -> Void = { _ in }) throws -> Workload {
        let result = service(lines, top: top, change)
        #expect(result.errors.isEmpty, "\(result.errors)")
        return try decoded(#require(result.workloads.first))
    }

    /// What the decoder of repositories makes of a manifest; fails the test when it is not what was meant.
    static func decoded(_ workload: ImportedWorkload) throws -> Workload {
        var can = RuntimeCapabilities(artifacts: [.image], limits: ["cpu", "memory", "pids"], volumes: true)
        (can.containers, can.secrets, can.placement) = (true, true, true)
        let reader = WorkloadReader(limits: LoadLimits(), runtimes: [docker: can])
        let file = Array(workload.manifest.utf8).withUnsafeBytes { reader.read($0) }
        #expect(file.problems.isEmpty, "\(file.problems)\n\(workload.manifest)")
        let read = try #require(file.workloads.first).workload
        #expect(read == workload.workload, "\(workload.manifest)")
        return read
    }
}

extension ComposeImport {
    var errors: [String] { notes.filter { $0.severity == .error }.map(\.description) }
    var texts: [String] { notes.map(\.description) }

    /// Whether a note at this place holds these words.
    func tells(_ path: String, _ words: String = "") -> Bool {
        notes.contains { $0.path == path && (words.isEmpty || $0.message.contains(words)) }
    }
}
