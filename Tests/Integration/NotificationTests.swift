import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// What went wrong arrives in a real Alertmanager.
@Suite(.enabled(if: geteuid() == 0, "an engine of its own needs root"), .serialized) struct DockerNotificationSerial {
    @Test(
        "A refused grant, an entry without one and a Git host that is gone are told, and its return too",
        .timeLimit(.minutes(3)))
    func alarms() async throws {
        let alertmanager = try AlertmanagerHost()
        defer { alertmanager.stop() }
        try await EngineHost.with { host in
            try await AccessWorld.with(
                "notify", touches: true,
                configuration: "notifications: { oncall: { type: alertmanager, url: \"\(alertmanager.url)\" } }", engine: host
            ) { world, _ in
                let entered = try #require(world.world.instances().first)
                _ = try? await host.docker("exec", entered, "id")
                // erin may have nothing.
                let asked = try await world.curfew(
                    "erin", "request", "debug", "--for", "5m", "--reason", "INC-1: please", "--name", "mine")
                #expect(asked.code == 0, "\(asked.errors)")
                try await world.merge("bob", "request/mine")
                let isTold = await eventually(within: .seconds(30)) {
                    let alerts = (try? await alertmanager.alerts()) ?? []
                    return alerts.contains { $0.hasPrefix("CurfewEntryAlert event/") }
                        && alerts.contains { $0.hasPrefix("CurfewGrantRefused event/") }
                }
                #expect(isTold)
                let remote = world.world.remote
                try FileManager.default.moveItem(atPath: remote, toPath: remote + ".away")
                let isGone = await eventually(within: .seconds(30)) {
                    (try? await alertmanager.alerts())?.contains("CurfewSourceUnreachable source.unreachable warning") ?? false
                }
                #expect(isGone)
                try FileManager.default.moveItem(atPath: remote + ".away", toPath: remote)
                let isBack = await eventually(within: .seconds(30)) {
                    (try? await alertmanager.alerts())?.contains { $0.hasPrefix("CurfewSourceUnreachable") } == false
                }
                #expect(isBack)
            }
        }
    }
}
