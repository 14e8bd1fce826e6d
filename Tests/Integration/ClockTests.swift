import CurfewDaemon
import CurfewDesiredState
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

/// The clock of the machine jumps while Curfew runs. The service runs in this process, so that only its clock jumps.
@Suite struct ClockSerial {
    @Test(.timeLimit(.minutes(3)), arguments: [-3_600, 3_600])
    func deploysRevertsAndHealsGoOn(jump seconds: Int64) async throws {
        let world = try await World("clock")
        try world.site(port: world.port)
        let first = try await world.push("First")
        let shift = Mutex<Int64>(0)
        try await world.withService(WallClock { WallClock.system.now + .seconds(shift.withLock { $0 }) }) {
            #expect(await world.converged(at: first))
            shift.withLock { $0 = seconds }
            #expect(try await world.heals("web"))
            #expect(await world.page() == "one")
            // A deploy after the jump.
            try world.site(page: "two", port: world.port)
            let second = try await world.push("Second")
            #expect(await world.converged(at: second, within: .seconds(30)))
            #expect(await world.page() == "two")
            // A jump in the middle of a rollout that fails: the deadline still ends it, and the revert is pushed.
            try world.edit("web", (old: "busybox, httpd", new: "busybox, nosuchapplet"))
            let third = try await world.push("Third")
            #expect(await eventually { world.status?.revision?.hex == third })
            shift.withLock { $0 -= seconds }
            #expect(
                await eventually(within: .seconds(40)) {
                    world.status?.revision?.hex != third && world.status?.state == .converged
                })
            try await git("pull", "-q", "--ff-only", "origin", "main", in: world.work)
            #expect(try await git("log", "-1", "--format=%B", in: world.work).contains("Curfew-Revert: \(third)"))
            #expect(await world.page() == "two")
        }
        let verified = try await world.curfew("events", "--verify")
        #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
        try await world.tearDown()
    }
}

extension World {
    /// Runs `body` beside a service in this process that has its own clock.
    func withService(_ clock: WallClock, _ body: () async throws -> Void) async throws {
        let loaded = try ServiceConfiguration.load(path: configuration)
        let service = try await CurfewService(
            configuration: loaded, program: program,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock)
        let running = Task { try await service.run() }
        do { try await body() } catch {
            running.cancel()
            _ = await running.result
            try? await tearDown()
            throw error
        }
        running.cancel()
        _ = await running.result
    }
}
