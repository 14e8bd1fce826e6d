import CurfewJournal
import CurfewTestSupport
import Foundation
import Testing

/// The file is taken away from under a running service.
@Suite struct ReplacedTests {
    let scratch: Scratch
    let path: String
    let journal: Journal

    init() throws {
        scratch = try Scratch("journal-replaced")
        path = scratch.file("journal.sqlite")
        journal = try Journal(path: path)
    }

    @Test func untouched() async throws {
        try await journal.append((1...500).map { Fixture.event($0) })
        #expect(try await journal.reopenIfReplaced() == false)
        #expect(try await journal.verify().count == 500)
    }

    @Test(arguments: [["", "-wal", "-shm"], [""]])
    func deleted(_ suffixes: [String]) async throws {
        try await journal.append(Fixture.event(1))
        for suffix in suffixes { try FileManager.default.removeItem(atPath: path + suffix) }
        #expect(try await journal.reopenIfReplaced())
        #expect(try await journal.events().map(\.kind) == ["journal.reopened"])
        try await journal.append(Fixture.event(2))
        #expect(try await journal.reopenIfReplaced() == false)
        let report = try await Fixture.verify(path)
        #expect(report.isSound && report.count == 2)
    }

    @Test func replacedByAnother() async throws {
        try await journal.append(Fixture.event(1))
        let other = scratch.file("other.sqlite")
        try await Fixture.journal(at: other, count: 5)
        #expect(rename(other, path) == 0)
        #expect(try await journal.reopenIfReplaced())
        #expect(try await journal.last(1).map(\.kind) == ["journal.reopened"])
        let report = try await journal.verify()
        #expect(report.isSound && report.count == 6)
    }

    @Test func replacedByGarbage() async throws {
        try await journal.append(Fixture.event(1))
        try scratch.write("garbage", String(repeating: "no database", count: 900))
        #expect(rename(scratch.file("garbage"), path) == 0)
        #expect(try await journal.reopenIfReplaced())
        #expect(try await journal.events().map(\.kind) == ["journal.recovered"])
    }

    @Test(arguments: [0, 4096, 100_000])
    func truncatedInPlace(_ length: Int) async throws {
        try await journal.append((1...2000).map { Fixture.event($0) })
        _ = try await journal.reopenIfReplaced()
        #expect(truncate(path, length) == 0)
        // Whatever appending says now, it does not crash, and afterwards the journal is sound.
        _ = try? await journal.append(Fixture.event(2001))
        _ = try await journal.reopenIfReplaced()
        try await journal.append(Fixture.event(2002))
        #expect(try await journal.verify().isSound)
    }

    @Test func folderGone() async throws {
        try FileManager.default.removeItem(atPath: scratch.path)
        let error = await #expect(throws: JournalError.self) { try await journal.reopenIfReplaced() }
        #expect(error?.code == .storage)
        await #expect(throws: JournalError.self) { try await journal.append(Fixture.event(1)) }
        try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: true)
        #expect(try await journal.reopenIfReplaced())
        try await journal.append(Fixture.event(1))
        #expect(try await journal.verify().count == 2)
    }
}
