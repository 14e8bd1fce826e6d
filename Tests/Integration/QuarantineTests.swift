import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// What crashes the service does so once. The trap is real, and set by whoever starts the process.
@Suite struct QuarantineSerial {
    @Test(.timeLimit(.minutes(2)), arguments: ["bundle:bad", "workload:bad"])
    func aBundleThatCrashesItIsSetAside(_ trap: String) async throws {
        let world = try await World("trap")
        try world.site("good", page: "one", port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon(environment: ["CURFEW_TEST_TRAP": trap]) { daemon in
            #expect(await world.converged(at: first))
            try world.site("bad")
            let second = try await world.push("Second")
            daemon.wake()
            #expect(await daemon.hasEnded(within: .seconds(20)))
            // Once: it is set aside now, and everything else goes on.
            try daemon.start()
            #expect(await eventually(within: .seconds(20)) { world.status?.revision?.hex == second })
            let held = world.status?.heldBundles.first { $0.bundle.rawValue == "bad" }
            #expect(held?.diagnostics.contains { $0.message.contains("crashed") } == true, "\(daemon.log)")
            try world.site("good", page: "two", port: world.port)
            try await world.push("Third")
            daemon.wake()
            #expect(await eventually(within: .seconds(20)) { await world.page() == "two" })
            let events = try await world.curfew("events").output
            #expect(events.contains("quarantine.held") && events.contains("curfew retry bad"), "\(events)")
            #expect(world.status?.problems.contains { $0.contains("curfew retry bad") } == true)
        }
    }

    /// The next service has no trap; it goes on leaving it alone until somebody asks.
    @Test(.timeLimit(.minutes(2))) func isTriedAgainWhenSomebodyAsks() async throws {
        let world = try await World("retry")
        try world.site("bad")
        let first = try await world.push("First")
        let trapped = Daemon(world: world, environment: ["CURFEW_TEST_TRAP": "bundle:bad"])
        try trapped.start()
        #expect(await trapped.hasEnded(within: .seconds(20)))
        try await world.withDaemon { _ in
            #expect(await eventually(within: .seconds(20)) { world.status?.heldBundles.isEmpty == false })
            #expect(world.instances("bad").isEmpty)
            let retried = try await world.curfew("retry", "bad")
            #expect(retried.code == 0)
            #expect(await world.converged(at: first))
            #expect(!world.instances("bad").isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(2)), .enabled(if: geteuid() == 0, "accounts belong to root"))
    func aGrantThatCrashesItHoldsUpNoEnd() async throws {
        try await AccessWorld.with("trapped", environment: ["CURFEW_TEST_TRAP": "grant:bad"]) { world, daemon in
            try await world.getAccess("one", for: "14s")
            #expect(await world.reaches("active", "one"))
            let certificate = try await world.credentials("one")
            let end = try #require(world.shown("one")?.end)
            try await world.getAccess("bad", for: "10m")
            #expect(await daemon.hasEnded(within: .seconds(20)))
            try daemon.start()
            let isGone = try await eventually(within: .seconds(30)) { try await !world.logsIn(certificate) }
            #expect(isGone && WallClock.system.now < end + .seconds(10))
            _ = try await world.reverted("one")
            #expect(try world.isWithoutAccess())
            #expect(await eventually { world.world.status?.problems.contains { $0.contains("curfew retry bad") } == true })
            #expect(try await git("ls-tree", "--name-only", "main", "grants/", in: world.world.remote).contains("bad"))
        }
    }

    /// Being killed is no crash.
    @Test(.timeLimit(.minutes(2))) func aKillSetsNothingAside() async throws {
        let world = try await World("kill")
        try world.site("web")
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            for _ in 0..<4 {
                daemon.stop(SIGKILL)
                try daemon.start()
                _ = await eventually(within: .seconds(10)) { world.status?.revision != nil }
            }
            #expect(await world.converged(at: first))
        }
    }
}
