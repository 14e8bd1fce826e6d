import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewNotifications

/// Against Debian's Alertmanager.
@Suite struct AlertmanagerTests {
    @Test(.timeLimit(.minutes(1))) func takesAlertsAndTheirEnd() async throws {
        let host = try AlertmanagerHost()
        defer { host.stop() }
        let notifier = AlertmanagerNotifier(url: host.url, source: "git://here")
        // It is not up yet: told, and not final.
        let isUp = await eventually(within: .seconds(20)) { (try? await notifier.send(Self.now(.event, "a"))) != nil }
        #expect(isUp)
        for _ in 0..<3 { try await notifier.send(Self.now(.firing, "b")) }
        let isThere = await eventually { (try? await host.alerts())?.count == 2 }
        #expect(isThere)
        try await notifier.send(Self.now(.resolved, "b"))
        let isOver = await eventually { (try? await host.alerts()) == ["CurfewEntryAlert a critical"] }
        #expect(isOver)
        host.stop()
        await #expect {
            try await notifier.send(Self.now(.firing, "c"))
        } throws: { ($0 as? NotificationError)?.isFinal == false }
        await notifier.shutdown()
    }

    private static func now(_ state: Notice.State, _ id: String) -> Notice {
        let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        return Notice(
            id: id, kind: id == "a" ? "entry.alert" : "source.unreachable", severity: id == "a" ? .critical : .warning,
            state: state, message: "x", at: now, until: state == .event ? nil : now)
    }
}
