import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewDaemon

/// What happens inside: to and fro, recorded, and cut.
@Suite struct SessionTests {
    @Test(.timeLimit(.minutes(1)))
    func pipesCarryInputOutputAndErrorsAndTheCode() async throws {
        let house = try await House("session")
        try await house.grant()
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sh", "-c", "cat; echo bad >&2; exit 7"])
            let accepted = try await client.accepted()
            #expect(accepted.instance.rawValue == "orders-api-2")
            try await client.type("one\n")
            try await client.type("two\n")
            try await client.connection.send(ExecFrame(.closeInput))
            let rest = try await client.rest()
            #expect((rest.output, rest.errors) == ("one\ntwo\n", "bad\n"))
            #expect(rest.end == ExecEnd(.exited, code: 7))
            let ended = try await house.ended()
            #expect(ended.details["exitCode"] == "7" && ended.details["why"] == "exited with code 7")
            #expect(ended.details["bytesIn"] == "8" && ended.details["bytesOut"] == "12")
            #expect(ended.details["recording"] == accepted.recording)
            let path = "\(house.state.recordings)/\(accepted.recording).cast"
            #expect(ended.details["sha256"] == RecordingFile.digest(of: path))
            let text = try house.recording(accepted.recording)
            #expect(text.hasPrefix("{\"version\": 2, \"width\": 80, \"height\": 24, "))
            #expect(text.contains(", \"i\", \"one\\n\"]") && text.contains(", \"o\", \"bad\\n\"]"))
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        }
        let started = try #require(try await house.events("session.started").first)
        #expect(started.details["command"] == "sh -c cat; echo bad >&2; exit 7")
        #expect(started.workload?.rawValue == "orders-api" && started.details["person"] == "alice")
    }

    @Test(.timeLimit(.minutes(1)))
    func aTerminalHasItsSizeAndIsResized() async throws {
        let house = try await House("session")
        try await house.grant()
        try await house.open {
            let client = try await Client(house)
            try await client.ask(
                house, ["sh", "-c", "stty size; read x; stty size"], terminal: ExecSize(columns: 100, rows: 30))
            let accepted = try await client.accepted()
            _ = try await eventually { try house.part(accepted.recording).contains("30 100") }
            try await client.connection.send(ExecFrame(.resize, json: ExecSize(columns: 90, rows: 20)))
            try await client.type("\n")
            let rest = try await client.rest()
            #expect(rest.output.contains("20 90"))
            #expect(rest.end?.code == 0)
            let text = try house.recording(accepted.recording)
            #expect(text.contains("\"width\": 100, \"height\": 30") && text.contains(", \"r\", \"90x20\"]"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func whatIsTypedIsNotRecordedWhenToldSo() async throws {
        let house = try await House("session", recordsInput: false)
        try await house.grant()
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sh", "-c", "read x"])
            let accepted = try await client.accepted()
            #expect(!accepted.recordsInput)
            try await client.type("secret\n")
            _ = try await client.rest()
            #expect(try !house.recording(accepted.recording).contains("secret"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func itIsCutAtTheEndOfTheGrantAndNoLater() async throws {
        let house = try await House("session")
        try await house.grant(lasting: .seconds(2))
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sleep", "600"])
            let accepted = try await client.accepted()
            let rest = try await client.rest()
            let late = Instant.current - accepted.end
            #expect(late >= .zero && late < .seconds(1), "\(late)")
            #expect(rest.end == ExecEnd(.cut, "the grant one has ended; the session is cut"))
            #expect(try await house.ended().details["why"] == "cut: the grant one has ended")
            #expect(await eventually { house.runtime.sessions.withLock { !$0[0].isAlive } })
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aPersonOnATerminalIsWarned() async throws {
        var limits = Reception.Limits()
        limits.warning = .milliseconds(1200)
        let house = try await House("session", limits: limits)
        try await house.grant(lasting: .seconds(3))
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sleep", "600"], terminal: ExecSize(columns: 80, rows: 24))
            _ = try await client.accepted()
            let rest = try await client.rest()
            #expect(rest.notices == ["the grant one ends in 1 s"])
            #expect(rest.end?.reason == .cut)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aRuntimeThatLetsNobodyInIsRefusedAtTheStart() async throws {
        let house = try await House("session")
        let sessions = Sessions(
            Sessions.Parts(
                state: house.state, backends: [house.backend],
                chooser: EntryChooser(runtime: { _ in nil }, healthy: { _ in [] }),
                journal: house.journal, now: { .current }, log: .init(label: "test")))
        await #expect(throws: DaemonError.self) { try await sessions.open() }
    }

    @Test(.timeLimit(.minutes(1)))
    func theEndOfOneGrantCutsItsSessionsAndNoOther() async throws {
        let house = try await House("session")
        let one = try await house.grant("one")
        try await house.grant("two")
        try await house.open {
            let (first, second) = (try await Client(house), try await Client(house))
            try await first.ask(house, ["cat"])
            try await second.ask(house, ["cat"], grant: "two")
            _ = try await first.accepted()
            _ = try await second.accepted()
            let start = ContinuousClock.now
            try await house.backend.end([one])
            #expect(ContinuousClock.now - start < .seconds(1))
            #expect(house.runtime.sessions.withLock { $0.count { $0.isAlive } } <= 1)
            #expect(try await first.rest().end?.reason == .cut)
            guard case .gone? = try await house.backend.probe([one])[one] else {
                Issue.record("still alive")
                return
            }
            try await second.type("on\n")
            try await second.connection.send(ExecFrame(.closeInput))
            let rest = try await second.rest()
            #expect(rest.output == "on\n" && rest.end?.code == 0)
        }
        let evidence = try await house.backend.evidence(one)
        #expect(evidence.used == true && evidence.lines.first?.contains("cut: the grant one has ended") ?? false)
    }

    @Test(.timeLimit(.minutes(1)))
    func whoLeavesEndsTheCommand() async throws {
        let house = try await House("session")
        try await house.grant()
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sleep", "600"])
            _ = try await client.accepted()
            client.connection.close()
            #expect(try await house.ended().details["why"] == "client left")
            #expect(await eventually { house.runtime.sessions.withLock { !$0[0].isAlive } })
            #expect(await eventually { await house.backend.openSessions == 0 })
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func whoReadsNothingIsCutAllTheSame() async throws {
        let house = try await House("session")
        let one = try await house.grant()
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; sleep 600"])
            _ = try await client.accepted()
            try await Task.sleep(for: .milliseconds(300))
            try await house.backend.end([one])
            #expect(try await house.ended().details["why"] == "cut: the grant one has ended")
            #expect(await eventually { house.runtime.sessions.withLock { !$0[0].isAlive } })
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func anEngineThatHangsIsToldAsAlive() async throws {
        let house = try await House("session")
        let one = try await house.grant()
        house.runtime.hangs.withLock { $0 = true }
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sleep", "5"])
            _ = try await client.accepted()
            let start = ContinuousClock.now
            await #expect(throws: (any Error).self) { try await house.backend.end([one]) }
            #expect(ContinuousClock.now - start < .seconds(9))
            // The person is out at once, whatever the engine does.
            #expect(try await client.rest().end?.reason == .cut)
            guard case .alive? = try await house.backend.probe([one])[one] else {
                Issue.record("told as gone")
                return
            }
            #expect(try await house.ended().details["problems"]?.contains("engine") ?? false)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func curfewStopsAndEverybodyIsOut() async throws {
        let house = try await House("session")
        try await house.grant()
        try await house.sessions.open()
        let client = try await Client(house)
        try await client.ask(house, ["sleep", "600"])
        _ = try await client.accepted()
        await house.sessions.shutdown()
        #expect(try await client.rest().end?.message == "Curfew stops; the session is cut")
        #expect(try await house.ended().details["why"] == "cut: Curfew stops")
        #expect(access(house.state.execSocket, F_OK) != 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func theSocketIsForEverybodyAndTheRecordingsForNobody() async throws {
        let house = try await House("session")
        try await house.open {
            var status = stat()
            #expect(stat(house.state.execSocket, &status) == 0 && status.st_mode & 0o777 == 0o666)
            #expect(stat(house.state.recordings, &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
        let long = try await House("session", state: "/tmp/curfew-\(UUID().uuidString)/" + String(repeating: "x", count: 60))
        await #expect(throws: DaemonError.self) { try await long.sessions.open() }
        try FileManager.default.removeItem(atPath: String(long.state.path.dropLast(61)))
    }
}

extension House {
    /// What a recording holds that goes on.
    func part(_ id: String) throws -> String {
        try String(contentsOfFile: "\(state.recordings)/\(id).cast.part", encoding: .utf8)
    }
}
