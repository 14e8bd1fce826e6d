import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A port that somebody else has, an operator who pauses, a service that is stopped.
@Suite struct SurroundingsSerial {
    @Test(.timeLimit(.minutes(2))) func aPortInUseIsNamedAndHealsWhenItIsFree() async throws {
        let world = try await World("taken")
        var holder: SilentPort? = try SilentPort()
        let taken = try #require(holder?.port)
        try world.site("web", port: taken)
        try world.site("api", port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(
                await eventually(within: .seconds(20)) {
                    let told = (world.status?.problems ?? []) + (world.status?.workloads.compactMap(\.message) ?? [])
                    return world.state(of: "api") == "converged" && told.contains { $0.contains("\(taken)") }
                }, "\(world.told(daemon))")
            #expect(await world.page() == "one")
            #expect(world.state(of: "web") != "converged")
            let api = world.instances("api")
            let isHealed = try await world.heals("api")
            #expect(isHealed, "\(world.told(daemon))")
            #expect(Set(world.instances("api")).isDisjoint(with: api))
            // Healed by nothing but the end of the other program.
            withExtendedLifetime(holder) {}
            holder = nil
            #expect(await world.converged(at: first, within: .seconds(40)), "\(world.told(daemon))")
            #expect(await world.page(taken) == "one")
        }
    }

    @Test(.timeLimit(.minutes(2))) func nothingChangesWhilePausedAndAllOfItAfterwards() async throws {
        let world = try await World("pause")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            #expect(try await world.curfew("pause", "--reason", "migration").code == 0)
            #expect(await eventually { world.status?.paused?.contains("migration") ?? false })
            try world.site(page: "two", port: world.port)
            let second = try await world.push("Second")
            // Seen, and not acted on: three more rounds pass.
            #expect(await eventually { world.status?.source.tip?.hex == second })
            for _ in 0..<3 {
                let fetched = world.status?.source.lastFetch
                daemon.wake()
                #expect(await eventually { world.status?.source.lastFetch != fetched })
            }
            #expect(world.instances() == before)
            #expect(await world.page() == "one")
            #expect(try await world.curfew("resume").code == 0)
            #expect(await world.converged(at: second), "\(world.told(daemon))")
            #expect(await world.page() == "two")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aTermEndsTheServiceWithZeroAndLeavesInstances() async throws {
        let world = try await World("term")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            for signal in [SIGTERM, SIGINT] {
                kill(daemon.process, signal)
                var status: Int32 = -1
                while waitpid(daemon.process, &status, 0) < 0, errno == EINTR {}
                #expect(status == 0, "signal \(signal): \(status) \(daemon.log.suffix(1000))")
                #expect(await world.page() == "one")
                try daemon.start()
                #expect(await eventually { world.status?.pid == daemon.process && world.status?.state == .converged })
                #expect(world.instances() == before)
            }
        }
    }
}
