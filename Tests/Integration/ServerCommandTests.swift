import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Commands that ask a running daemon.
@Suite struct ServerCommandTests {
    @Test(.timeLimit(.minutes(2))) func overTheSocketOfTheStateFolder() async throws {
        let world = try await World("ask", extra: "api: { listen: unix }")
        try world.site(port: world.port)
        let first = try await world.push("First")
        for command in ["sync", "retry"] {
            let alone = try await world.curfew(command)
            #expect(alone.code == 1 && alone.errors.contains("no daemon runs"), "\(alone.errors)")
        }
        let nobody = try await world.curfew("plan", "--live")
        #expect(nobody.code == 1 && nobody.errors.contains("nothing answers there"), "\(nobody.errors)")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let paused = try await world.curfew("pause", "--reason", "moving\u{1B}[31m the disk")
            #expect(paused.code == 0 && paused.output == "paused\n", "\(paused.errors)")
            #expect(await eventually { world.status?.paused?.contains("over the API: moving") == true })
            #expect(world.status?.paused?.contains("\u{1B}") == false)
            #expect(try await world.curfew("events", "--kind", "operator.pause").output.contains("moving"))
            try world.site(page: "two", port: world.port)
            let second = try await world.push("Second")
            #expect(try await world.curfew("sync").code == 0)
            #expect(await eventually { world.status?.source.tip?.hex == second }, "\(world.told(daemon))")
            let live = try await world.curfew("plan", "--live")
            #expect([0, 2].contains(live.code) && live.output.contains("at "), "\(live.output)\(live.errors)")
            #expect(try await world.curfew("resume").output == "resumed\n")
            #expect(await world.converged(at: second), "\(world.told(daemon))")
            let done = try await world.curfew("plan", "--live", "--server", "unix:" + world.state.api)
            #expect(
                done.code == 0 && done.output.hasPrefix("nothing to do at \(second.prefix(8))"), "\(done.output)\(done.errors)")
            #expect(try await world.curfew("plan", "--live", "--format", "json").output.contains("\"steps\":[]"))
            let status = try await world.curfew("status", "--server", "unix:" + world.state.api)
            #expect(
                status.code == 0 && status.output.contains("converged") && status.output.contains("web"), "\(status.errors)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func withAToken() async throws {
        let port = try freePort()
        let world = try await World("askaway", extra: "api: { listen: \"127.0.0.1:\(port)\", tokens: tokens }")
        let made = try await execute(world.program, ["token", "reader", "--role", "viewer", "--format", "json"])
        let fresh = try JSONDecoder().decode([String: String].self, from: Data(made.output.utf8))
        try world.scratch.write("tokens", try #require(fresh["line"]) + "\n")
        chmod(world.scratch.file("tokens"), 0o600)
        let file = try world.scratch.write("token", try #require(fresh["token"]) + "\n")
        try world.site(port: world.port)
        let first = try await world.push("First")
        let url = "http://127.0.0.1:\(port)"
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let status = try await world.curfew("status", "--server", url, "--token-file", file, "--wait", "--revision", first)
            #expect(status.code == 0 && status.output.contains("web"), "\(status.output)\(status.errors)")
            let bare = try await world.curfew("status", "--server", url)
            #expect(bare.code == 1 && bare.errors.contains("--token-file"), "\(bare.errors)")
            let viewer = try await world.curfew("pause", "--server", url, "--token-file", file)
            #expect(viewer.code == 1 && viewer.errors.contains("error: ask \(url)"), "\(viewer.errors)")
            #expect(world.status?.paused == nil)
            // Without a socket the commands of this machine do it through the state folder.
            #expect(try await world.curfew("pause").code == 0)
            #expect(await eventually { world.status?.paused != nil })
            #expect(try await world.curfew("resume").code == 0)
            #expect(try await world.curfew("sync").code == 0)
        }
        let gone = try await world.curfew("status", "--server", url, "--token-file", file)
        #expect(gone.code == 1 && gone.errors.contains("nothing answers"), "\(gone.errors)")
        for bad in ["http://example.org", "https://a@b", "ftp://x", "unix:relative", "https://h/path", ""] {
            let answer = try await world.curfew("status", "--server", bad)
            #expect(answer.code == 1 && answer.errors.contains("error:"), "\(bad): \(answer.errors)")
        }
    }
}
