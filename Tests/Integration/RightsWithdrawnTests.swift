import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A change of policies that takes a right away takes the live access with it.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct RightsWithdrawnSerial {
    private struct Event: Decodable {
        var kind: String
        var message: String
        var at: Instant
    }

    private func events(_ world: AccessWorld) async throws -> [Event] {
        let output = try await world.world.curfew("events", "--format", "json").output
        return output.components(separatedBy: "\n}").compactMap {
            try? JSONDecoder().decode(Event.self, from: Data(($0 + "}").utf8))
        }
    }

    /// Changes a file of `policies/` as dave; the merge.
    private func change(_ world: AccessWorld, _ file: String, _ edit: (String) -> String) async throws -> String {
        try await world.refresh("dave")
        let path = "policies/\(file).yaml"
        let text = try String(contentsOfFile: world.world.clone("dave") + "/" + path, encoding: .utf8)
        let next = edit(text)
        #expect(next != text)
        try await world.propose("dave", [path: next], branch: "change")
        return try await world.merge("dave", "change")
    }

    @Test(.timeLimit(.minutes(2))) func aLoginKeyThatIsTakenOutCutsItsSession() async throws {
        try await AccessWorld.with("withdrawn") { world, _ in
            try await world.getAccess(for: "10m")
            let certificate = try await world.credentials()
            try await SSHHost.makeKey(world.world.key("alice-new"))
            let (host, key) = (world.host, world.world.key("alice"))
            let session = Task { try await host.run("sleep 97531", certificate: certificate, key: key) }
            #expect(try await eventually { try await execute("pgrep", ["-u", host.account, "-f", "sleep 97531"]).code == 0 })
            let (old, new) = (world.world.publicKey("alice"), world.world.publicKey("alice-new"))
            let commit = try await change(world, "people") {
                $0.replacing("loginKeys: [\"\(old)\"]", with: "loginKeys: [\"\(new)\"]")
            }
            #expect(try await session.value.code != 0)
            #expect(try await !world.logsIn(certificate))
            let message = try await world.reverted()
            #expect(message.contains("ended because alice's login key"), "\(message)")
            #expect(message.contains("by commit \(commit.prefix(7))"), "\(message)")
            let events = try await events(world)
            let judged = try #require(events.first { $0.kind == "grant.revoked" }?.at)
            let ended = try #require(events.first { $0.kind == "grant.ended" }?.at)
            #expect(ended - judged <= .seconds(1), "\(ended - judged)")
            #expect(try world.isWithoutAccess())
        }
    }

    @Test(.timeLimit(.minutes(2))) func whatIsWidenedEndsNothingAndAShorterTimeEndsEarlier() async throws {
        try await AccessWorld.with("widened") { world, _ in
            try await world.getAccess(for: "10m")
            let certificate = try await world.credentials()
            let end = try #require(world.shown()?.end)
            let wider = try await change(world, "access") {
                $0.replacing("members: [alice, carol]", with: "members: [alice, carol, erin]")
                    .replacing("maxDuration: 1h", with: "maxDuration: 2h")
            }
            #expect(await world.verified(at: wider))
            #expect(world.shown()?.state == "active")
            #expect(try await world.logsIn(certificate))
            let shorter = try await change(world, "access") { $0.replacing("maxDuration: 2h", with: "maxDuration: 5m") }
            #expect(await world.verified(at: shorter))
            #expect(await eventually { world.shown()?.end == end + .seconds(-300) })
            _ = try await change(world, "access") { $0.replacing("members: [bob, carol]", with: "members: [carol]") }
            let message = try await world.reverted()
            #expect(message.contains("approval"), "\(message)")
            #expect(try await !world.logsIn(certificate))
        }
    }
}
