import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The HTTP API of the whole program.
@Suite struct APISerial {
    private func get(_ world: World, _ path: String, _ words: String...) async throws -> (code: Int, body: String) {
        let result = try await execute(
            "curl",
            ["-sS", "-m", "10", "-w", "\n%{http_code}", "--unix-socket", world.state.api] + words + ["http://curfew\(path)"])
        let lines = result.output.components(separatedBy: "\n")
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }

    @Test(.timeLimit(.minutes(2))) func aMergeIsFollowedOnTheStreamWhileItDeploys() async throws {
        let world = try await World("api")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first))
            let follower = Task {
                // curl writes as it comes into a file, and the test reads it.
                _ = try? await execute(
                    "curl",
                    [
                        "-sSN", "-m", "60", "-o", world.scratch.file("stream"), "--unix-socket", world.state.api,
                        "http://curfew/api/v1/events/stream?after=0",
                    ])
            }
            func seen() -> String {
                (try? String(contentsOfFile: world.scratch.file("stream"), encoding: .utf8)) ?? ""
            }
            #expect(await eventually { seen().contains("event: rollout.finished") })
            try world.site(page: "two", port: world.port)
            let second = try await world.push("Second")
            #expect(await eventually(within: .seconds(20)) { seen().contains("\"revision\":\"\(second)\"") })
            #expect(
                await eventually(within: .seconds(20)) { seen().components(separatedBy: "event: rollout.finished").count > 2 })
            #expect(seen().contains("event: plan.replace"))
            let ids = seen().split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
            #expect(ids == Array(1...max(1, ids.count)), "an event is missing or came twice")
            follower.cancel()
            #expect(await world.converged(at: second))

            let status = try await get(world, "/api/v1/status")
            #expect(status.code == 200 && status.body.contains("\"state\":\"converged\"") && status.body.contains(second))
            #expect(try await get(world, "/api/v1/workloads/web/instances").body.contains("web-"))
            #expect(try await get(world, "/readyz").code == 200)
            #expect(try await get(world, "/api/v1/journal/verify").body.contains("\"sound\":true"))
            #expect(try await get(world, "/api/v1/plan").body.contains("\"steps\":[]"))

            // What is asked for over the API is what the CLI does.
            let pause = try await get(world, "/api/v1/pause", "-X", "POST", "-H", "X-Curfew-Request: test")
            #expect(pause.code == 200)
            #expect(await eventually { world.status?.paused?.contains("over the API") == true })
            #expect(try await get(world, "/api/v1/resume", "-X", "POST", "-H", "X-Curfew-Request: test").code == 200)
            #expect(await eventually { world.status?.paused == nil })
            let events = try await world.curfew("events", "--kind", "operator")
            #expect(events.output.contains("pause over the API by uid \(getuid())"))

            // A second start takes the socket over, and the first had let go of it.
            daemon.stop(SIGTERM)
            #expect(access(world.state.api, F_OK) != 0)
            try daemon.start()
            #expect(await eventually { (try? await get(world, "/healthz").code) == 200 })
            daemon.stop(SIGKILL)
            try daemon.start()
            #expect(await eventually { (try? await get(world, "/healthz").code) == 200 })
        }
    }

    @Test(.timeLimit(.minutes(1))) func aFreshTokenOpensTheAddress() async throws {
        let port = try freePort()
        let world = try await World("token", extra: "api: { listen: \"127.0.0.1:\(port)\", tokens: tokens }")
        try await world.push("Nothing")
        let made = try await execute(world.program, ["token", "grafana", "--role", "viewer", "--format", "json"])
        let fresh = try JSONDecoder().decode([String: String].self, from: Data(made.output.utf8))
        let (token, line) = (try #require(fresh["token"]), try #require(fresh["line"]))
        #expect(!line.contains(token))
        chmod(try world.scratch.write("tokens", line + "\n"), 0o600)
        #expect(try await execute(world.program, ["token", "a b", "--role", "viewer"]).code == 64)
        try await world.withDaemon { _ in
            func code(_ words: String...) async throws -> String {
                let base = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:\(port)/api/v1/status"]
                return try await execute("curl", base + words).output
            }
            #expect(await eventually { (try? await code()) == "401" })
            let answer = try await code("-H", "Authorization: Bearer \(token)")
            #expect(answer == "200")
        }
        let doctor = try await world.curfew("doctor")
        #expect(doctor.output.contains("api.tokens"), "\(doctor.output)")
    }

    @Test(.timeLimit(.minutes(2))) func anAddressThatIsTakenStopsNothingElse() async throws {
        let world = try await World(
            "api-taken", extra: "api: { listen: \"192.0.2.1:8420\", tls: { cert: c, key: k }, tokens: t }")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first))
            let before = world.instances()
            try await world.killInstances()
            #expect(
                await eventually(within: .seconds(20)) {
                    Set(world.instances()).isDisjoint(with: before) && !world.instances().isEmpty
                })
            #expect(daemon.log.contains("the HTTP API does not run"))
        }
    }

    @Test(.timeLimit(.minutes(2))) func metricsAreWhatPrometheusReadsAndRulesAsk() async throws {
        let world = try await World("metrics")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { _ in
            #expect(await world.converged(at: first))
            try world.site(page: "two", port: world.port)
            #expect(await world.converged(at: try await world.push("Second")))
            let text = try await get(world, "/metrics").body
            for line in [
                "curfew_commit_converged_seconds_count 1", "curfew_workloads{state=\"converged\"} 1",
                "curfew_journal_writable 1",
                "curfew_rollouts_total{result=\"finished\"}", "curfew_fetches_total{result=\"success\"}",
                "curfew_reconcile_duration_seconds_bucket{stage=\"observe\",le=\"+Inf\"}", "curfew_build_info{version=\"",
            ] { #expect(text.contains(line), "\(line)") }
            guard access("/usr/bin/promtool", X_OK) == 0 else { return print("promtool is not installed: not checked") }
            let file = try world.scratch.write("metrics.txt", text)
            let checked = try await execute("sh", ["-c", "promtool check metrics < \"$1\"", "sh", file])
            #expect(checked.code == 0, "\(checked.output)\(checked.errors)")
        }
    }
}
