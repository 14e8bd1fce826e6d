import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@Suite struct AppendTests {
    let scratch: Scratch
    let path: String

    init() throws {
        scratch = try Scratch("journal")
        path = scratch.file("journal.sqlite")
    }

    @Test func storesEveryField() async throws {
        let journal = try Journal(path: path)
        let event = JournalEvent(
            at: Instant(milliseconds: -5), kind: "rollout.failed", workload: Name("web"),
            revision: ObjectID(String(repeating: "0f", count: 20)), message: "ça échoue 🙂",
            details: ["a": "1\n2\0\u{7}", "é": "", "": "\"\\/"])
        let appended = try await journal.append(event)
        #expect(appended.sequence == 1)
        var expected = event
        expected.sequence = 1
        #expect(try await journal.last(1) == [expected])
        #expect(journal.recovered == nil)
        #expect(try await journal.verify().isSound)
    }

    @Test func survivesReopening() async throws {
        try await Fixture.journal(at: path, count: 3)
        let journal = try Journal(path: path)
        #expect(try await journal.append(Fixture.event(4)).sequence == 4)
        let report = try await journal.verify()
        #expect(report.isSound && report.count == 4)
        #expect(report.head.count == 64)
    }

    @Test func makesTheFileForItsOwnerAlone() async throws {
        let journal = try Journal(path: path)
        try await journal.append(Fixture.event(1))
        for suffix in ["", "-wal", "-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func keepsMessagesToOneBoundedLine() async throws {
        let journal = try Journal(path: path)
        let long = String(repeating: "é", count: 3000)
        let appended = try await journal.append(
            JournalEvent(
                at: Instant(milliseconds: 0), kind: "a", message: "one\ntwo\u{1B}[2J\0", details: ["log": long + long + long]))
        #expect(appended.message == "one\\u{a}two\\u{1b}[2J\\u{0}")
        #expect(appended.details["log"] == long + long + long)
        let cut = try await journal.append(JournalEvent(at: Instant(milliseconds: 0), kind: "a", message: long))
        #expect(cut.message.utf8.count <= 4096 + 3)
        #expect(cut.message.hasSuffix("é…"))
        #expect(try await journal.events() == [appended, cut])
        #expect(try await journal.verify().isSound)
    }

    @Test(arguments: ["", "a b", "a\n", "é", String(repeating: "a", count: 101)])
    func refusesMalformedKinds(_ kind: String) async throws {
        let journal = try Journal(path: path)
        let error = await #expect(throws: JournalError.self) {
            try await journal.append([Fixture.event(1), JournalEvent(at: Instant(milliseconds: 0), kind: kind, message: "")])
        }
        #expect(error?.code == .invalid)
        #expect(try await journal.events().isEmpty, "all or none")
    }

    @Test func filters() async throws {
        let journal = try Journal(path: path)
        try await journal.append([
            Fixture.event(1, kind: "deploy.started", workload: "web"),
            Fixture.event(2, kind: "rollout.failed", workload: "web"),
            Fixture.event(3, kind: "deploy.started", workload: "db"), Fixture.event(4, kind: "deploy.done", workload: "web"),
            Fixture.event(5, kind: "deployXdone", workload: nil),
        ])
        #expect(try await journal.events(after: 2).map(\.sequence) == [3, 4, 5])
        #expect(try await journal.events(limit: 2).map(\.sequence) == [1, 2])
        #expect(try await journal.events(kind: "deploy.").map(\.sequence) == [1, 3, 4])
        #expect(try await journal.events(kind: "%").isEmpty)
        #expect(try await journal.events(kind: "deploy_").isEmpty)
        #expect(try await journal.events(kind: "deploy.", workload: Name("web")).map(\.sequence) == [1, 4])
        #expect(try await journal.last(2).map(\.sequence) == [4, 5])
        #expect(try await journal.last(1, kind: "rollout", workload: Name("web")).map(\.sequence) == [2])
        #expect(try await journal.events(limit: 0).isEmpty)
        #expect(try await journal.events(limit: -1).isEmpty)
        #expect(try await journal.last(.max).count == 5)
        #expect(try await journal.events(after: .max).isEmpty)
    }

    @Test func concurrentAppendsMakeOneChain() async throws {
        let journal = try Journal(path: path)
        await withThrowingTaskGroup { group in
            for number in 1...40 { group.addTask { try await journal.append(Fixture.event(number)) } }
        }
        let report = try await journal.verify()
        #expect(report.isSound && report.count == 40)
    }

    @Test func tenThousandEvents() async throws {
        let journal = try Journal(path: path)
        let clock = ContinuousClock()
        let appending = try await clock.measure { try await journal.append((1...10_000).map { Fixture.event($0) }) }
        var report: ChainReport?
        let verifying = try await clock.measure { report = try await journal.verify() }
        let opening = try clock.measure { _ = try Journal.reader(path: path) }
        print("10,000 events: appended in \(appending), verified in \(verifying), reader opened in \(opening)")
        #expect(report?.isSound == true && report?.count == 10_000)
        #expect(try await journal.events(after: 9_990).count == 10)
    }
}
