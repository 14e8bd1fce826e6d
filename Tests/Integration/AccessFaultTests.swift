import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// What holds when Curfew dies, forgets, or is told a wrong time while people have access.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct AccessFaultSerial {
    /// The daemon is gone for good; sshd and sudo end it by themselves, and no later.
    @Test(.timeLimit(.minutes(2))) func theTargetsEndItWithTheDaemonDead() async throws {
        try await AccessWorld.with("dead") { world, daemon in
            try await world.getAccess(for: "8s")
            let certificate = try await world.credentials()
            let end = try #require(world.shown()?.end)
            daemon.stop(SIGKILL)
            #expect(try await world.logsIn(certificate))
            #expect(try await world.maySudo())
            for isIn in [{ try await world.logsIn(certificate) }, { try await world.maySudo() }] as [() async throws -> Bool] {
                let isRefused = try await eventually(within: .seconds(15)) {
                    let before = WallClock.system.now
                    let may = try await isIn()
                    #expect(!may || before < end)
                    return !may
                }
                #expect(isRefused)
            }
            #expect(!world.dropIns.isEmpty)
            // Found by the next start, cleared away and reverted with what was used.
            try daemon.start()
            let message = try await world.reverted()
            #expect(message.contains("from 127.0.0.1"), "\(message)")
            #expect(try world.isWithoutAccess())
        }
    }

    @Test(.timeLimit(.minutes(2))) func aLostStateLengthensNothingAndEndsNothing() async throws {
        try await AccessWorld.with("lost") { world, daemon in
            try await world.getAccess(for: "14s")
            let certificate = try await world.credentials()
            let end = try #require(world.shown()?.end)
            daemon.stop(SIGKILL)
            for name in try FileManager.default.contentsOfDirectory(atPath: world.world.state.path) {
                try FileManager.default.removeItem(atPath: world.world.state.path + "/" + name)
            }
            try daemon.start()
            #expect(await world.reaches("active"))
            let again = try #require(world.shown()?.end)
            #expect(again <= end)
            #expect(try await world.logsIn(certificate))
            #expect(try await world.maySudo())
            let isGone = try await eventually(within: .seconds(20)) {
                let before = WallClock.system.now
                let may = try await world.maySudo()
                let isIn = try await world.logsIn(certificate)
                #expect((!may && !isIn) || before < end)
                return !may && !isIn
            }
            #expect(isGone)
            _ = try await world.reverted()
            #expect(try world.isWithoutAccess())
        }
    }

    /// As docs/operations/disaster.md has it: the key is gone, another takes its place, the old certificates go on until they end
    /// or until hosts no longer trust them.
    @Test(.timeLimit(.minutes(2))) func theAuthoritysKeyIsLost() async throws {
        try await AccessWorld.with("authority") { world, daemon in
            try await world.getAccess("one", for: "10m")
            let old = world.world.scratch.file("old-cert.pub")
            try FileManager.default.copyItem(atPath: try await world.credentials("one"), toPath: old)
            let trusted = world.host.ca + ".pub"
            let before = try String(contentsOfFile: trusted, encoding: .utf8)
            for suffix in ["", ".pub"] { unlink(world.host.ca + suffix) }
            try await SSHHost.makeKey(world.host.ca)
            let fresh = try String(contentsOfFile: trusted, encoding: .utf8)
            try Data((before + fresh).utf8).write(to: URL(filePath: trusted))
            daemon.stop(SIGTERM)
            try daemon.start()
            #expect(try await world.logsIn(old))
            try await world.getAccess("two", for: "10m")
            let new = try await world.credentials("two")
            #expect(try await world.logsIn(new))
            #expect(try await world.logsIn(old))
            try Data(fresh.utf8).write(to: URL(filePath: trusted))
            #expect(try await !world.logsIn(old))
            #expect(try await world.logsIn(new))
        }
    }

    /// A hook that takes its time keeps nothing else from ending.
    @Test(.timeLimit(.minutes(2))) func aSlowBackendDelaysNoOther() async throws {
        try await AccessWorld.with("slow", bastion: { AccessWorld.local($0) + ", hook: [/bin/sleep, \"8\"]" }) { world, _ in
            try await world.getAccess("one", for: "4s")
            try await world.getAccess("two", for: "6s")
            let certificate = try await world.credentials("two")
            let end = try #require(world.shown("two")?.end)
            #expect(await eventually(within: .seconds(12)) { world.dropIns.isEmpty })
            #expect(WallClock.system.now - end < .seconds(3))
            #expect(try await !world.logsIn(certificate))
            #expect(try await !world.maySudo())
            _ = try await world.reverted("one", within: .seconds(30))
            _ = try await world.reverted("two", within: .seconds(30))
        }
    }

    /// Killed anywhere in the life of a grant: given once, never after its end, and taken off the branch.
    @Test(.timeLimit(.minutes(20))) func isSurvivedAtRandomMoments() async throws {
        let kills = ProcessInfo.processInfo.environment["CURFEW_KILLS"].flatMap(Int.init) ?? 12
        try await AccessWorld.with("kill") { world, daemon in
            var number = 0
            var killed = 0
            while killed < kills {
                number += 1
                let name = "g\(number)"
                try await world.getAccess(name, for: "3s")
                let limit = ContinuousClock.now + .seconds(5)
                while ContinuousClock.now < limit, killed < kills {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 20..<900)))
                    daemon.stop(SIGKILL)
                    killed += 1
                    // Nothing is given twice: one drop-in of this grant, one certificate.
                    #expect(world.dropIns.count { $0.contains("\(name).") } <= 1)
                    try daemon.start()
                }
                _ = try await world.reverted(name, within: .seconds(40))
                #expect(await eventually { (try? world.isWithoutAccess()) ?? false })
            }
            #expect(try await !world.maySudo())
            let given = try await world.world.curfew("events", "--format", "json")
            #expect(given.code == 0)
            let verified = try await world.world.curfew("events", "--verify")
            #expect(verified.code == 0, "\(verified.errors)")
        }
    }
}

/// The clock that the service goes by is set while a grant is live. The service runs in this process, so that only its
/// clock jumps.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct AccessClockSerial {
    @Test(.timeLimit(.minutes(2))) func setBackItLengthensNothing() async throws {
        let shift = Mutex<Int64>(0)
        let clock = WallClock { WallClock.system.now + .seconds(shift.withLock { $0 }) }
        try await AccessWorld.with("back", clock: clock) { world in
            try await world.getAccess(for: "8s")
            let certificate = try await world.credentials()
            let end = try #require(world.shown()?.end)
            shift.withLock { $0 = -3600 }
            #expect(try await world.maySudo())
            #expect(await eventually(within: .seconds(15)) { (try? world.isWithoutAccess()) ?? false })
            let late = WallClock.system.now - end
            #expect(late < .seconds(4), "\(late)")
            #expect(try await !world.logsIn(certificate))
            _ = try await world.reverted()
        }
    }

    @Test(.timeLimit(.minutes(2))) func setForwardItEndsEarlyAndSaysSo() async throws {
        let shift = Mutex<Int64>(0)
        let clock = WallClock { WallClock.system.now + .seconds(shift.withLock { $0 }) }
        try await AccessWorld.with("forward", clock: clock) { world in
            try await world.getAccess(for: "30m")
            let certificate = try await world.credentials()
            #expect(try await world.logsIn(certificate))
            shift.withLock { $0 = 3600 }
            #expect(await eventually(within: .seconds(20)) { (try? world.isWithoutAccess()) ?? false })
            #expect(try await !world.logsIn(certificate))
            _ = try await world.reverted()
            let events = try await world.world.curfew("events")
            #expect(events.output.contains("jumped ahead") && events.output.contains("one"), "\(events.output)")
        }
    }
}
