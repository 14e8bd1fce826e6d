import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Testing

@testable import CurfewDockerRuntime

@Suite("Logs that an engine keeps", .serialized) struct DockerLogSerial {
    @Test("A command beside the service reads and follows them, also of instances that came later", .timeLimit(.minutes(2)))
    func logs() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                // As `curfew logs` does: the same folder, never opened.
                let reader = try fixture.runtime()
                let (id, other) = (try newID(), try newID("other"))
                let talks = ["sh", "-c", "echo one; echo two >&2; sleep 1; echo three; exec sleep 1000"]
                _ = try await runtime.start(id, of: try fixture.desired("web", talks))
                _ = try await runtime.start(other, of: try fixture.desired("other"))
                #expect(try await reader.logs(of: "web") == [id])
                #expect(try await reader.logs(of: id.rawValue) == [id])
                #expect(try await reader.logs(of: "nobody") == [])
                let lines = Collected()
                let task = Task { try await reader.followLog(id, lines: 10) { lines.add($0) } }
                let isWhole = await eventually { lines.all.sorted() == ["one", "three", "two"] }
                #expect(isWhole, "\(lines.all)")
                #expect(try await reader.logTail(id, lines: 1) == ["three"])
                task.cancel()
                _ = await task.result
                // Nothing of the reader's is an entry or a change.
                #expect(try await runtime.observe().allSatisfy { $0.tampered == nil })
                #expect(try await runtime.entries(since: Instant(milliseconds: 0)) == [])
                await reader.shutdown()
            }
        }
    }
}
