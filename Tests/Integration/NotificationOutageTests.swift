import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Nobody answers who should be told, for a while in which Curfew is killed too.
@Suite struct NotificationOutageSerial {
    @Test("With Alertmanager and the mail server down nothing is lost, and nothing is told twice", .timeLimit(.minutes(3)))
    func areDown() async throws {
        let (alarmPort, mailPort) = (try freePort(), try freePort())
        let world = try await World(
            "outage",
            extra: """
                notifications:
                  oncall: { type: alertmanager, url: "http://127.0.0.1:\(alarmPort)" }
                  post: { type: smtp, server: "127.0.0.1:\(mailPort)", tls: none, from: curfew@example.org, to: [ops@example.org] }
                """)
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            for round in 1...2 {
                try await fail(world, round)
                // Killed while both wait for their next try: what was not told is told by the next process.
                daemon.stop(SIGKILL)
                try daemon.start()
            }
            let expected = try await world.curfew("events", "--kind", "rollout.failed")
            let count = expected.output.split(separator: "\n").count
            #expect(count == 2, "\(expected.output)")

            let alertmanager = try AlertmanagerHost(port: alarmPort)
            defer { alertmanager.stop() }
            let sink = MailSink()
            let post = try TinyServer(port: mailPort) { sink.talk($0) }
            defer { post.close() }
            func failures() -> [String] {
                sink.mails.withLock { mails in
                    mails.compactMap { mail in
                        mail.text.split(separator: "\n").first { $0.hasPrefix("Message-ID:") }.map(String.init)
                    }
                }
            }
            let isTold = await eventually(within: .seconds(70)) {
                let alerts = (try? await alertmanager.alerts()) ?? []
                let mails = sink.mails.withLock { $0.filter { $0.text.contains("rollout.failed") }.count }
                return alerts.count { $0.hasPrefix("CurfewRolloutFailed") } == 2 && mails == 2
            }
            let alerts = try await alertmanager.alerts()
            #expect(isTold, "\(alerts) \(sink.mails.withLock { $0.map(\.text) })")
            // Some turns later it is still so.
            try await Task.sleep(for: .seconds(3))
            #expect(Set(failures()).count == failures().count, "\(failures())")
            #expect(sink.mails.withLock { $0.filter { $0.text.contains("rollout.failed") }.count } == 2)
        }
    }

    /// A commit whose instances end at once, and its revert.
    private func fail(_ world: World, _ round: Int) async throws {
        try world.edit(
            "web", ("[busybox, httpd, -f, -p, \"$(HOST):$(PORT)\", -h, .]", "[sh, -c, \"exit \(round)\"]"))
        let bad = try await world.push("Break it \(round)")
        let isReverted = try await eventually(within: .seconds(20)) {
            try await git("log", "-1", "--format=%B", "main", in: world.remote).contains("Curfew-Revert: \(bad)")
        }
        #expect(isReverted)
        try await git("pull", "-q", "origin", "main", in: world.work)
    }
}
