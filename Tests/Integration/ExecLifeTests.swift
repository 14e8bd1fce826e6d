import CurfewDaemon
public import CurfewDrivers
import CurfewJournal
public import CurfewLocalRuntime
public import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The local runtime lets nobody in; for these tests, which run the service in their own process, it does: with a local
/// process beside the instance.
extension LocalRuntime: InteractiveRuntime {
    public func enter(_ id: InstanceID, command: [String], terminal: TerminalSize?) async throws -> any EntrySession {
        try LocalProcess(command, terminal: terminal)
    }
}

/// The life of a grant with a way in: asked for, approved, used with `curfew exec`, cut, proven gone and reverted.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct ExecLifeSerial {
    private static let policies = """
        ---
        apiVersion: curfew/v1
        kind: Role
        metadata: { name: inside }
        spec:
          binds: [{ backend: shell, with: { workloads: [web], commands: [[sh, -c, "echo in; sleep 600"], [id, -u]] } }]
          touches: [web]
          replace: used
        ---
        apiVersion: curfew/v1
        kind: AccessPolicy
        metadata: { name: inside }
        spec: { roles: [inside], eligible: [team:oncall], maxDuration: 1h, approvals: { count: 1, from: [team:dba] }, requireSelfExpiry: true }

        """

    private static func with(_ label: String, _ body: (AccessWorld) async throws -> Void) async throws {
        try await AccessWorld.with(
            label, clock: .system, touches: true, policies: policies,
            configuration: "  shell: { type: docker-exec, runtime: local }", body)
    }

    @Test(.timeLimit(.minutes(2))) func isUsedCutProvenGoneRevertedAndWhatWasEnteredReplaced() async throws {
        try await Self.with("inside") { world in
            let before = world.world.instances()
            #expect(try await exec(world, "id", "-u").code == 126)
            let asked = try await world.curfew(
                "alice", "request", "inside", "--for", "10s", "--reason", "INC-1: look", "--name", "one")
            #expect(asked.code == 0, "\(asked.errors)")
            try await world.merge("bob", "request/one")
            #expect(await world.reaches("active"))
            let end = try #require(world.shown()?.end)
            let hint = try await world.curfew(
                "alice", "credentials", "one", "--key", world.world.key("alice"), "--curfew-key",
                world.world.key("curfew") + ".pub")
            #expect(hint.output.contains("curfew exec one web"), "\(hint)")
            let quick = try await exec(world, "id", "-u")
            #expect((quick.code, quick.output) == (0, "0\n"), "\(quick.errors)")
            #expect(try await exec(world, "sh").errors.contains("it allows: "))
            #expect(try await exec(world, "id", "-u", key: "carol").code == 126)
            let cut = try await exec(world, "sh", "-c", "echo in; sleep 600")
            let late = Date().timeIntervalSince1970 - Double(end.milliseconds) / 1000
            #expect(late > 0 && late < 1.5, "\(late)")
            #expect((cut.code, cut.output) == (255, "in\n"))
            #expect(cut.errors.contains("the grant one has ended; the session is cut"))
            let message = try await world.reverted()
            for part in [
                "its time is over", "shell: gone", "alice ran id -u in web", "alice ran sh -c echo in; sleep 600 in web",
                "cut: the grant one has ended", "replaced: web",
            ] { #expect(message.contains(part), "\(message)") }
            #expect(await eventually { world.world.instances() != before && !world.world.instances().isEmpty })
            #expect(try await exec(world, "id", "-u").code == 126)
            let sessions = try await world.world.curfew("sessions")
            #expect(sessions.output.split(separator: "\n").count == 3, "\(sessions.output)")
            #expect(try await world.world.curfew("events", "--verify").code == 0)
        }
    }

    @Test(.timeLimit(.minutes(2))) func isCutWhenTheGrantIsGivenBack() async throws {
        try await Self.with("inside") { world in
            let asked = try await world.curfew(
                "alice", "request", "inside", "--for", "10m", "--reason", "INC-1: look", "--name", "one")
            #expect(asked.code == 0, "\(asked.errors)")
            try await world.merge("bob", "request/one")
            #expect(await world.reaches("active"))
            async let session = exec(world, "sh", "-c", "echo in; sleep 600")
            let journal = try Journal.reader(path: world.world.state.journal)
            #expect(try await eventually { try await !journal.last(1, kind: "session.started").isEmpty })
            #expect(try await world.curfew("alice", "give-back", "one").code == 0)
            let cut = try await session
            #expect(cut.code == 255)
            #expect(cut.errors.contains("has ended"))
            #expect(await eventually { world.shown() == nil })
            let ended = try #require(try await journal.last(1, kind: "grant.ended").first)
            #expect(ended.details["evidence"]?.contains("shell: gone") ?? false, "\(ended.details)")
        }
    }

    private func exec(_ world: AccessWorld, _ command: String..., key: String = "alice") async throws -> ProgramResult {
        try await execute(
            world.world.program,
            ["exec", "one", "web", "--key", world.world.key(key), "--socket", world.world.state.execSocket, "-T", "--"]
                + command)
    }
}
