import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The way into a container, for the whole life of a grant, on a real engine.
@Suite(.enabled(if: geteuid() == 0, "an engine of its own needs root"), .serialized) struct DockerExecSerial {
    private static let policies = """
        ---
        apiVersion: curfew/v1
        kind: Role
        metadata: { name: inside }
        spec:
          binds: [{ backend: shell, with: { workloads: [web] } }]
          touches: [web]
          replace: always
        ---
        apiVersion: curfew/v1
        kind: AccessPolicy
        metadata: { name: inside }
        spec: { roles: [inside], eligible: [team:oncall], maxDuration: 1h, approvals: { count: 1, from: [team:dba] }, requireSelfExpiry: true }

        """

    @Test("Used, recorded, cut on time, reverted, replaced; by the engine's own door it is evidence", .timeLimit(.minutes(3)))
    func life() async throws {
        try await EngineHost.with { host in
            try await AccessWorld.with(
                "docker-inside", touches: true, policies: Self.policies,
                configuration: "  shell: { type: docker-exec, runtime: docker }", engine: host
            ) { world, _ in
                let entered = try #require(world.world.instances().first)
                #expect(try await exec(world, "id").code == 126)
                let asked = try await world.curfew(
                    "alice", "request", "inside", "--for", "12s", "--reason", "INC-1: look", "--name", "one")
                #expect(asked.code == 0, "\(asked.errors)")
                try await world.merge("bob", "request/one")
                #expect(await world.reaches("active"))
                let quick = try await exec(world, "sh", "-c", "echo out; echo err >&2; exit 7")
                #expect((quick.code, quick.output) == (7, "out\n"), "\(quick.errors)")
                #expect(quick.errors.contains("err"))
                // The engine's own door, under a live grant that touches the workload: noted, and no alarm.
                try await host.docker("exec", entered, "id")
                let isNoted = try await eventually {
                    try await world.world.curfew("events", "--kind", "entry.noted").output.contains("under one: exec 'id'")
                }
                #expect(isNoted)
                #expect(world.world.instances() == [entered])
                let cut = try await exec(world, "sh", "-c", "echo in; sleep 1234")
                #expect((cut.code, cut.output) == (255, "in\n"), "\(cut.errors)")
                #expect(try await !host.docker("ps", "-q").isEmpty)
                let message = try await world.reverted()
                for part in ["its time is over", "shell: gone", "alice ran sh", "exec 'id'", "replaced: web"] {
                    #expect(message.contains(part), "\(message)")
                }
                #expect(await eventually { !world.world.instances().contains(entered) && world.world.instances().count == 1 })
                #expect(try await host.docker("ps", "-aq", "--filter", "name=\(entered)") == "")
                #expect(try await world.world.curfew("events", "--kind", "entry.alert").output.contains("entry.alert") == false)
                #expect(try await exec(world, "id").code == 126)
                let sessions = try await world.world.curfew("sessions", "--grant", "one").output.split(separator: "\n")
                #expect(sessions.count == 3, "\(sessions)")
                let id = try #require(sessions.last?.split(separator: " ").first)
                let played = try await world.world.curfew("replay", String(id), "--print")
                #expect(played.code == 0 && played.output.contains("in"), "\(played)")
            }
        }
    }

    private func exec(_ world: AccessWorld, _ command: String...) async throws -> ProgramResult {
        try await execute(
            world.world.program,
            ["exec", "one", "web", "--key", world.world.key("alice"), "--socket", world.world.state.execSocket, "-T", "--"]
                + command)
    }
}
