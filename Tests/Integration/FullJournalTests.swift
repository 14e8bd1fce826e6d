import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The disk of the journal is full while somebody has access and an instance dies. Instances lie on a disk of their own.
@Suite(.enabled(if: geteuid() == 0, "accounts and mounts belong to root")) struct FullJournalSerial {
    @Test("It heals and revokes on time, says that it cannot record, and records it later", .timeLimit(.minutes(3)))
    func healsAndRevokes() async throws {
        try await AccessWorld.with("fulljournal", touches: true) { world, daemon in
            daemon.stop(SIGTERM)
            // The edge goes as well: a running one would keep its sockets on the old disk.
            #expect(try await world.world.curfew("teardown", "--yes").code == 0)
            let mounts = try await onTemporaryDisk(world.world)
            do { try await whileFull(world, daemon) } catch { Issue.record(error) }
            daemon.stop(SIGTERM)
            for mount in mounts.reversed() { #expect(try await execute("umount", ["-l", mount]).code == 0) }
            try daemon.start()
        }
    }

    /// Moves the state folder to a small disk in memory, all but the instances.
    private func onTemporaryDisk(_ world: World) async throws -> [String] {
        let (state, aside) = (world.state.path, world.scratch.file("aside"))
        let runtimes = state + "/runtimes"
        func run(_ program: String, _ arguments: String...) async throws {
            let result = try await execute(program, arguments)
            guard result.code == 0 else { throw ProgramFailure(command: program, output: result.errors) }
        }
        try await run("cp", "-a", state, aside)
        try await run("mount", "--bind", runtimes, aside + "/runtimes")
        try await run("mount", "-t", "tmpfs", "-o", "size=64m,mode=711", "curfew-test", state)
        try await run(
            "sh", "-c",
            "cd \"$0\" && for f in * .[!.]*; do [ \"$f\" = runtimes ] || [ ! -e \"$f\" ] || cp -a \"$f\" \"$1/\"; done", aside,
            state)
        try FileManager.default.createDirectory(atPath: runtimes, withIntermediateDirectories: true)
        try await run("mount", "--bind", aside + "/runtimes", runtimes)
        return [aside + "/runtimes", state, runtimes]
    }

    private func whileFull(_ world: AccessWorld, _ daemon: Daemon) async throws {
        try daemon.start()
        #expect(await eventually(within: .seconds(20)) { world.world.status?.pid == daemon.process })
        #expect(await eventually(within: .seconds(20)) { await world.world.page() == "one" })
        try await world.getAccess(for: "16s")
        #expect(await world.reaches("active"))
        let certificate = try await world.credentials()
        #expect(try await world.logsIn(certificate))
        #expect(try await world.maySudo())
        let end = try #require(world.shown()?.end)
        let ballast = try fill(world.world.state.path)

        // Healed: another instance serves.
        let before = world.world.instances()
        try #require(before.count == 1)
        try await world.world.killInstances()
        #expect(
            await eventually(within: .seconds(10)) {
                // The API has it from the daemon: no file can be written.
                let shown = await get(world, "/api/v1/workloads/web/instances")
                return await world.world.page() == "one" && shown.contains("web-") && before.allSatisfy { !shown.contains($0) }
            }, "\(world.world.told(daemon))")
        // Said, wherever it can be said.
        #expect(await eventually { await get(world, "/readyz").contains("the journal cannot be written") })
        #expect(await get(world, "/metrics").contains("\ncurfew_journal_writable 0"))
        #expect(daemon.log.contains("the journal cannot be written"))
        // Revoked on time, on both.
        let isOut = try await eventually(within: .seconds(30)) {
            let (may, isIn) = (try await world.maySudo(), try await world.logsIn(certificate))
            return !may && !isIn
        }
        #expect(isOut && WallClock.system.now - end < .seconds(5))
        #expect(await eventually { world.dropIns.isEmpty }, "\(daemon.log)")
        #expect(kill(daemon.process, 0) == 0)

        unlink(ballast)
        _ = try await world.reverted(within: .seconds(60))
        #expect(await eventually { await get(world, "/readyz").contains("\"ready\":true") })
        #expect(await get(world, "/metrics").contains("\ncurfew_journal_writable 1"))
        let events = try await world.world.curfew("events", "--last", "1000")
        #expect(events.output.contains("grant.ended"), "\(events.output)")
        let verified = try await world.world.curfew("events", "--verify")
        #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
    }

    private func get(_ world: AccessWorld, _ path: String) async -> String {
        let answer = try? await execute(
            "curl", ["-sS", "-m", "5", "--unix-socket", world.world.state.api, "http://curfew\(path)"])
        return answer?.output ?? ""
    }
}
