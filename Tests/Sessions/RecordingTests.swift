import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewDaemon

/// Nothing goes on unrecorded, and nothing that was recorded is lost.
@Suite struct RecordingTests {
    @Test(.timeLimit(.minutes(1)))
    func aRecordingThatIsFullCutsTheSession() async throws {
        var limits = Reception.Limits()
        limits.recording = 1 << 20
        let house = try await House("recording", limits: limits)
        try await house.grant()
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sh", "-c", "yes | head -c 5000000; sleep 600"])
            let accepted = try await client.accepted()
            let end = try await client.rest().end
            #expect(end?.reason == .cut)
            #expect(end?.message.contains("has reached its 1 MiB") ?? false)
            let ended = try await house.ended()
            let path = "\(house.state.recordings)/\(accepted.recording).cast"
            #expect(ended.details["sha256"] == RecordingFile.digest(of: path))
            #expect(await eventually { house.runtime.sessions.withLock { !$0[0].isAlive } })
            for line in try house.recording(accepted.recording).split(separator: "\n") {
                #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            }
        }
    }

    @Test(.enabled(if: getuid() == 0, "mounting a tmpfs needs root"), .timeLimit(.minutes(1)))
    func aDiskThatIsFullCutsTheSession() async throws {
        let house = try await House("recording")
        try await house.grant()
        let folder = house.state.recordings
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let mounted = try await execute("mount", ["-t", "tmpfs", "-o", "size=256k", "curfew-test", folder])
        try #require(mounted.code == 0)
        try await house.open {
            let client = try await Client(house)
            try await client.ask(house, ["sh", "-c", "yes | head -c 5000000; sleep 600"])
            _ = try await client.accepted()
            let end = try await client.rest().end
            #expect(end?.reason == .cut)
            #expect(end?.message.contains("has no room") ?? false, "\(end?.message ?? "")")
            let ended = try await house.ended()
            #expect(ended.details["why"]?.contains("the disk is full") ?? false)
            #expect(await eventually { house.runtime.sessions.withLock { !$0[0].isAlive } })
            // With no room for a header, nobody is let in at all.
            try? Data(count: 300_000).write(to: URL(filePath: folder + "/ballast"))
            let second = try await Client(house)
            try await second.ask(house, ["true"])
            let refused = try await second.rest().end
            #expect(refused?.message.contains("cannot be recorded") ?? false, "\(refused?.message ?? "")")
            #expect(house.runtime.sessions.withLock { $0.count } == 1)
        }
        let unmounted = try await execute("umount", ["-l", folder])
        #expect(unmounted.code == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func afterAKillWhatWasLeftOpenIsClosedAndTold() async throws {
        let house = try await House("recording")
        try house.state.createForSessions()
        let facts = SessionFacts(
            id: "20261123-000000-one-aaaaaaaa", grant: GrantID(name: Name(literal: "one"), blob: .random()),
            person: Name(literal: "alice"), workload: Name(literal: "orders-api"),
            instance: try #require(InstanceID("orders-api-1")), command: ["sh"], terminal: nil, term: "", end: .current,
            recordsInput: true, account: 0)
        let events = SessionEvents(journal: house.journal, log: .init(label: "test"), now: { .current })
        try await events.started(facts)
        let whole = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[1.000000, \"o\", \"x\"]\n"
        try (whole + "[2.000000, \"o\", \"ha").write(
            toFile: "\(house.state.recordings)/\(facts.id).cast.part", atomically: false, encoding: .utf8)
        for _ in 0..<2 { try await house.open {} }
        #expect(try house.recording(facts.id) == whole)
        let ended = try await house.events("session.ended")
        #expect(ended.count == 1)
        #expect(ended.first?.details["why"] == "cut: Curfew died")
        #expect(ended.first?.details["person"] == "alice")
        #expect(ended.first?.details["sha256"] == RecordingFile.digest(of: "\(house.state.recordings)/\(facts.id).cast"))
    }

    @Test func invalidBytesAreReplacedAndTheFileStaysValid() async throws {
        let scratch = try Scratch("recording")
        let recording = Recording(id: "a", folder: scratch.path)
        try await recording.begin(.init(columns: 80, rows: 24, at: .current, title: "t\"\u{1B}", term: "x", shell: "sh"))
        try await recording.output([0x61, 0xE2, 0x82])
        try await recording.output([0xFF], isError: true)
        try await recording.output([0xAC, 0x00, 0xC3])
        let finished = try await recording.finish()
        let text = try String(contentsOfFile: scratch.file("a.cast"), encoding: .utf8)
        let shown = try text.split(separator: "\n").dropFirst().map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [Any])[2] as? String
        }
        #expect(shown == ["a", "\u{FFFD}", "€\0", "\u{FFFD}"])
        #expect(finished.bytes == text.utf8.count)
        #expect(finished.digest == RecordingFile.digest(of: scratch.file("a.cast")))
    }
}
