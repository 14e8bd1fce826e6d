import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// What is kept on disk is lost, cut or cannot be written.
@Suite struct StateFaultSerial {
    /// What happens to the state database.
    enum Damage: CaseIterable { case emptied, cut, deleted, scribbled }

    private func damage(_ path: String, _ damage: Damage) throws {
        switch damage {
        case .emptied: truncate(path, 0)
        case .cut: truncate(path, 5000)
        case .deleted: for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        case .scribbled: try Data(repeating: 0x5B, count: 20000).write(to: URL(filePath: path))
        }
    }

    @Test(.timeLimit(.minutes(3))) func theStateDatabaseIsLostWhileStopped() async throws {
        let world = try await World("lost")
        try world.site(replicas: 2, port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            for harm in Damage.allCases {
                daemon.stop(SIGTERM)
                try damage(world.state.journal, harm)
                try daemon.start()
                #expect(
                    await eventually(within: .seconds(20)) {
                        world.status?.pid == daemon.process && world.status?.state == .converged
                    }, "\(harm): \(world.told(daemon))")
                #expect(world.instances() == before, "\(harm)")
                let verified = try await world.curfew("events", "--verify")
                #expect(verified.code == 0, "\(harm): \(verified.output)\(verified.errors)")
            }
        }
    }

    @Test(.timeLimit(.minutes(3))) func theStateDatabaseIsLostWhileItRuns() async throws {
        let world = try await World("lostlive")
        try world.site(port: world.port)
        try world.site("api")
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances("api")
            for harm in Damage.allCases {
                try damage(world.state.journal, harm)
                try world.site(page: "\(harm)", port: world.port)
                let next = try await world.push("\(harm)")
                #expect(await world.converged(at: next), "\(harm): \(world.told(daemon))")
                #expect(await world.page() == "\(harm)")
                #expect(world.instances("api") == before)
                // A change that fell into the moment of the damage is recorded anew; the chain is whole from there.
                let isSound = try await eventually(within: .seconds(20)) {
                    try await world.curfew("events", "--verify").code == 0
                }
                #expect(isSound, "\(harm): \(world.told(daemon))")
            }
        }
    }

    @Test(.enabled(if: getuid() == 0, "mounting a tmpfs needs root"), .timeLimit(.minutes(3)))
    func aFullDiskDeletesNothingAndIsSurvived() async throws {
        let world = try await World("full")
        let disk = world.state.path
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        let mounted = try await execute("mount", ["-t", "tmpfs", "-o", "size=24m,mode=711", "curfew-test", disk])
        try #require(mounted.code == 0, "\(mounted.errors)")
        do { try await fillAndFree(world, disk) } catch { Issue.record(error) }
        #expect(try await execute("umount", ["-l", disk]).code == 0)
    }

    private func fillAndFree(_ world: World, _ disk: String) async throws {
        try world.site(port: world.port)
        try world.site("api")
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let api = world.instances("api")
            let ballast = try fill(disk)
            try world.site(page: "two", port: world.port)
            let second = try await world.push("Second")
            try await world.killInstances("web")
            daemon.wake()
            // Healed, or the reason is told where it can be told.
            #expect(
                await eventually(within: .seconds(30)) {
                    if daemon.log.contains("No space left") { return true }
                    return await world.page() != nil && !(world.status?.problems.isEmpty ?? true)
                }, "\(world.told(daemon))")
            #expect(kill(daemon.process, 0) == 0)
            #expect(world.instances("api") == api)
            unlink(ballast)
            #expect(await world.converged(at: second, within: .seconds(60)), "\(world.told(daemon))")
            #expect(await world.page() == "two")
            #expect(world.instances("api") == api)
            let verified = try await world.curfew("events", "--verify")
            #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
        }
    }
}
