import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Subprocess
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct EdgeLoadTests {
    /// Listeners that come and go reload HAProxy; nobody on another listener may notice.
    @Test func reloadsUnderLoadLoseNothing() async throws {
        try await Fixture.with(backends: 1, program: .lighttpd) { fixture, backends in
            let web = listener("web", port: unusedPort(), [server(backends[0])])
            _ = try await fixture.edge.apply([web])
            let port = web.port
            async let load = Subprocess.run(
                .name("wrk"), arguments: ["-t1", "-c20", "-d4s", "http://127.0.0.1:\(port)/"], output: .string(limit: 1 << 16))
            for _ in 1...4 {
                _ = try await fixture.edge.apply([web, listener("api", port: unusedPort(), [server(backends[0])])])
                _ = try await fixture.edge.apply([web])
            }
            let text = try await load.standardOutput
            print("reloads: " + text)
            #expect(text.contains("requests in"))
            #expect(!text.contains("Non-2xx") && !text.contains("Socket errors"))
        }
    }

    /// HAProxy outlives the daemon: a lock of the daemon's that it inherited would never be free again.
    @Test func haproxyInheritsNoDescriptor() async throws {
        try await Fixture.with { fixture, _ in
            let path = try fixture.scratch.write("lock", "")
            let descriptor = open(path, O_RDWR)
            defer { close(descriptor) }
            _ = try await fixture.edge.apply([])
            let folder = "/proc/\(try #require(fixture.pid))/fd"
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) != path)
            }
        }
    }

    @Test func twoHundredServersAreAddedAndRemoved() async throws {
        try await Fixture.with { fixture, _ in
            let servers = (1...200).map { server(Backend(id: "i-\($0)", port: 40000 + $0)) }
            let port = unusedPort()
            _ = try await fixture.edge.apply([listener("web", port: port, mode: .tcp)])
            let seen = try await fixture.edge.apply([listener("web", port: port, mode: .tcp, servers)])
            #expect(seen.listeners[key("web")]?.servers.count == 200)
            let empty = try await fixture.edge.apply([listener("web", port: port, mode: .tcp)])
            #expect(empty.listeners[key("web")]?.servers.isEmpty == true)
        }
    }
}
