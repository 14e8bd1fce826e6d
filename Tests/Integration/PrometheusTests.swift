import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The shipped alert rules in a real Prometheus that asks a real daemon.
@Suite(.enabled(if: access("/usr/bin/prometheus", X_OK) == 0, "Prometheus is not installed")) struct PrometheusSerial {
    private struct Answer: Decodable {
        struct Content: Decodable {
            struct Group: Decodable { var rules: [Rule] }
            struct Rule: Decodable {
                var name: String
                var query: String
                var state: String
                var health: String
            }
            var groups: [Group]
        }
        var data: Content
    }

    /// A Prometheus of its own, with the shipped rules. Only how long something has to last is shortened, in a copy: minutes
    /// become seconds, and the ten minutes without a fetch too.
    private final class Prometheus: Sendable {
        let url: String
        private let server: Server

        init(_ world: World, scraping port: Int) async throws {
            let shipped = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "docs/operations/curfew.rules.yml")
            var rules = try String(contentsOf: shipped, encoding: .utf8)
            for (old, new) in [("curfew_seconds_since_fetch > 600", "curfew_seconds_since_fetch > 6"), ("for: 1m", "for: 1s")] {
                guard rules.contains(old) else { throw ProgramFailure(command: shipped.path, output: "there is no \(old)") }
                rules = rules.replacing(old, with: new)
            }
            try world.scratch.write("prometheus/curfew.rules.yml", rules)
            let file = try world.scratch.write(
                "prometheus/prometheus.yml",
                """
                global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
                rule_files: [curfew.rules.yml]
                scrape_configs: [{ job_name: curfew, static_configs: [{ targets: ["127.0.0.1:\(port)"] }] }]
                """)
            let own = try freePort()
            url = "http://127.0.0.1:\(own)"
            server = try Server(
                "/usr/bin/prometheus",
                [
                    "--config.file=\(file)", "--storage.tsdb.path=\(world.scratch.file("prometheus/data"))",
                    "--web.listen-address=127.0.0.1:\(own)",
                ], log: world.scratch.file("prometheus.log"))
        }

        /// The rules as it has them; none while it does not answer.
        func rules() async throws -> [Answer.Content.Rule] {
            let answer = try await execute("curl", ["-fsS", "-m", "2", url + "/api/v1/rules?type=alert"])
            guard answer.code == 0 else { return [] }
            return try JSONDecoder().decode(Answer.self, from: Data(answer.output.utf8)).data.groups.flatMap(\.rules)
        }

        func state(of alert: String) async throws -> String? { try await rules().first { $0.name == alert }?.state }
    }

    private func gitDaemon(_ world: World, port: Int) throws -> Server {
        try Server(
            "git",
            [
                "daemon", "--reuseaddr", "--listen=127.0.0.1", "--port=\(port)", "--base-path=\(world.scratch.path)",
                "--export-all", world.scratch.path,
            ], log: world.scratch.file("git-daemon.log"))
    }

    @Test("A killed Git server makes CurfewGitUnreachable fire, and its return ends it", .timeLimit(.minutes(2)))
    func gitIsGone() async throws {
        let (gitPort, port) = (try freePort(), try freePort())
        let world = try await World(
            "prometheus", url: "git://127.0.0.1:\(gitPort)/remote.git",
            extra: "api: { listen: \"127.0.0.1:\(port)\", anonymous: viewer }")
        try world.site(port: world.port)
        let first = try await world.push("First")
        var server: Server? = try gitDaemon(world, port: gitPort)
        try #require(await eventually { accepts(gitPort) })
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let prometheus = try await Prometheus(world, scraping: port)
            // Every shipped rule is read and works out on what the daemon tells.
            let isRead = try await eventually(within: .seconds(20)) {
                let rules = try await prometheus.rules()
                return rules.count >= 10 && rules.allSatisfy { $0.health == "ok" && $0.state == "inactive" }
            }
            #expect(isRead)
            server = nil
            #expect(!accepts(gitPort))
            let fires = try await eventually(within: .seconds(40)) {
                try await prometheus.state(of: "CurfewGitUnreachable") == "firing"
            }
            #expect(fires)
            // Only that one: everything else goes on.
            let firing = try await prometheus.rules().filter { $0.state == "firing" }.map(\.name)
            #expect(firing == ["CurfewGitUnreachable"])
            #expect(await world.page() == "one")
            server = try gitDaemon(world, port: gitPort)
            let isOver = try await eventually(within: .seconds(40)) {
                try await prometheus.state(of: "CurfewGitUnreachable") == "inactive"
            }
            #expect(isOver)
            withExtendedLifetime(server) {}
        }
    }
}
