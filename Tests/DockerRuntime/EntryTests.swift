import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDockerRuntime

@Suite("Who goes into a container is told, on a real engine", .serialized) struct DockerEntrySerial {
    @Test("docker exec and docker cp are entries; our own probes are not", .timeLimit(.minutes(2))) func entries() async throws
    {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                let began = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
                _ = try await runtime.start(id, of: try fixture.desired { $0.mounts = [Mount(path: "/data")] })
                for _ in 0..<5 { _ = try await runtime.run(["busybox", "true"], beside: id, timeout: .seconds(5)) }
                var live = runtime.entries.makeAsyncIterator()
                try await fixture.host.docker("exec", id.rawValue, "sh", "-c", "echo in")
                let entry = try #require(await live.next())
                #expect(entry.instance == id && entry.kind == "exec" && entry.command == "sh -c echo in", "\(entry)")
                #expect(entry.workload == Name(literal: "web") && entry.at >= began)
                let file = try fixture.scratch.write("f", "x")
                _ = try await execute("docker", ["-H", fixture.host.endpoint, "cp", file, "\(id):/data/f"])
                #expect(await live.next()?.kind == "copy")
                // The history has both, for a Curfew that was not there.
                await runtime.shutdown()
                let next = try fixture.runtime()
                try await next.open()
                let past = try await next.entries(since: began).map(\.command)
                await next.shutdown()
                #expect(past.contains("sh -c echo in"), "\(past)")
            }
        }
    }

    @Test("A person's session: input, output, errors, exit code, a terminal and its end", .timeLimit(.minutes(2)))
    func session() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                let plain = try await runtime.enter(id, command: ["sh", "-c", "cat; echo no >&2; exit 5"], terminal: nil)
                try await plain.write(Array("hello\n".utf8))
                try await plain.closeInput()
                var (output, errors) = ("", "")
                for try await piece in plain.output {
                    switch piece {
                    case .output(let bytes): output += String(decoding: bytes, as: UTF8.self)
                    case .errors(let bytes): errors += String(decoding: bytes, as: UTF8.self)
                    }
                }
                #expect((output, errors) == ("hello\n", "no\n"))
                #expect(try await plain.exitCode() == 5)

                let shell = try await runtime.enter(id, command: ["sh"], terminal: TerminalSize(columns: 90, rows: 30))
                try await shell.write(Array("sleep 1234 & echo started\n".utf8))
                let isRunning = try await eventually {
                    try await fixture.host.docker("top", id.rawValue).contains("sleep 1234")
                }
                #expect(isRunning)
                await shell.end()
                let isGone = try await eventually { try await !fixture.host.docker("top", id.rawValue).contains("sleep 1234") }
                #expect(isGone, "what a session started is still there")
                #expect(try await runtime.observe().first?.tampered == nil)
            }
        }
    }

    @Test("A command that floods its reader is held up, and its output stays whole", .timeLimit(.minutes(1)))
    func flood() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                let before = residentMemory()
                let zeros = try await runtime.enter(
                    id, command: ["busybox", "head", "-c", "150000000", "/dev/zero"], terminal: nil)
                try await Task.sleep(for: .seconds(2))
                #expect(residentMemory() - before < 60 << 20)
                var count = 0
                for try await piece in zeros.output { if case .output(let bytes) = piece { count += bytes.count } }
                #expect(count == 150_000_000)
                #expect(try await zeros.exitCode() == 0)
            }
        }
    }
}

/// Of this process, in bytes.
private func residentMemory() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}
