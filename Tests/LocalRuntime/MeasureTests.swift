import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

/// Measures against a floor in the same run, when asked to: `CURFEW_MEASURE=1 swift test --filter MeasureTests`.
@Suite("Measured", .serialized, .enabled(if: getenv("CURFEW_MEASURE") != nil)) struct MeasureTests {
    private static let count = 200

    @Test("200 instances against a shell loop that starts the same 200 sandboxes")
    func starts() async throws {
        for round in 1...3 {
            let floor = try await shell()
            let ours = try await runtime()
            print(
                "round \(round): shell loop \(floor), runtime \(ours.start), ratio \(ours.start / floor); observing \(ours.observe), stopping \(ours.stop)"
            )
        }
    }

    private func wait(_ ports: [Int]) async throws {
        var left = Set(ports)
        while !left.isEmpty {
            left = left.filter { Ports.isFree($0) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func runtime() async throws -> (start: Duration, observe: Duration, stop: Duration) {
        let fixture = try Fixture("measure", ports: 2 * Self.count)
        var result: (start: Duration, observe: Duration, stop: Duration) = (.zero, .zero, .zero)
        try await fixture.run { runtime in
            let workload = try serving(try fixture.artifacts.add(["index.html": "x"]))
            try await runtime.prepare(workload)
            let clock = ContinuousClock()
            let began = clock.now
            let ids = try (0..<Self.count).map { _ in try newID() }
            result.start = try await clock.measure {
                let ports = try await withThrowingTaskGroup(of: Int.self) { group in
                    for id in ids {
                        group.addTask { try needed(try await runtime.start(id, of: workload).endpoints.values.first?.port) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                print("returned", clock.now - began)
                try await wait(ports)
            }
            var seen: [ObservedInstance] = []
            result.observe = try await clock.measure { seen = try await runtime.observe() }
            #expect(seen.count == Self.count && seen.allSatisfy { $0.state == .running && $0.tampered == nil })
            result.stop = try await clock.measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for id in ids { group.addTask { try await runtime.stop(id, grace: .seconds(1)) } }
                    try await group.waitForAll()
                }
            }
        }
        return result
    }

    private func shell() async throws -> Duration {
        let fixture = try Fixture("shell", ports: 2 * Self.count)
        let folder = try Scratch("shell")
        try folder.write("app/index.html", "x")
        let files = HostFiles(for: try SandboxUser.resolve(nil))
        try files.write(to: folder.file("etc"))
        let sandbox = Sandbox(
            hostname: "floor", hostFiles: folder.file("etc"), artifact: folder.file("app"), writable: [],
            environment: ["PATH": "/usr/bin"], temporary: ByteCount(1 << 20), user: try SandboxUser.resolve(nil))
        try Data(sandbox.options(lock: false, status: false).flatMap { Array($0.utf8) + [0] }).write(
            to: URL(filePath: folder.file("options")))
        let ports = Array(fixture.configuration.firstPort..<(fixture.configuration.firstPort + Self.count))
        let command = sandbox.arguments(running: ["busybox", "httpd", "-f", "-p", "127.0.0.1:$port", "-h", "."]).joined(
            separator: " ")
        try folder.write(
            "loop",
            "for port in $(seq \(ports[0]) \(ports[ports.count - 1])); do \(command) 3<\(folder.file("options")) >/dev/null 2>&1 & echo $! >> \(folder.file("pids")); done\n"
        )
        let time = try await ContinuousClock().measure {
            #expect(try await tool("/bin/sh", [folder.file("loop")]).code == 0)
            try await wait(ports)
        }
        for pid in text(folder.file("pids")).split(separator: "\n").compactMap({ Int32($0) }) {
            for first in ProcessTable.children(of: pid) { kill(first, SIGKILL) }
        }
        return time
    }
}
