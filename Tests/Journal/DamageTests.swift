import CurfewJournal
import CurfewTestSupport
import Foundation
import GRDB
import Testing

@Suite struct DamageTests {
    let scratch: Scratch
    let path: String

    init() throws {
        scratch = try Scratch("journal-damage")
        path = scratch.file("journal.sqlite")
    }

    private func bytes() throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    private func expectRecovery(_ journal: Journal) async throws {
        let aside = try #require(journal.recovered)
        #expect(aside.hasPrefix(path + ".damaged-"))
        #expect(FileManager.default.fileExists(atPath: aside))
        let first = try #require(try await journal.events(limit: 1).first)
        #expect(first.kind == "journal.recovered")
        #expect(first.details["movedTo"] == aside)
        #expect(try await journal.append(Fixture.event(1)).sequence == 2)
        #expect(try await journal.verify().isSound)
    }

    @Test(arguments: [0.0, 0.001, 0.1, 0.5, 0.9])
    func truncated(_ share: Double) async throws {
        try await Fixture.journal(at: path, count: 2000)
        let whole = try bytes()
        try whole.prefix(Int(Double(whole.count) * share)).write(to: URL(filePath: path))
        try await expectRecovery(Journal(path: path))
    }

    @Test func garbage() async throws {
        try Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) }).write(to: URL(filePath: path))
        try scratch.write("journal.sqlite-wal", "garbage too")
        try await expectRecovery(Journal(path: path))
    }

    @Test func pagesOverwritten() async throws {
        try await Fixture.journal(at: path, count: 2000)
        var whole = try bytes()
        whole.replaceSubrange(8192..<40_960, with: Data(repeating: 0x5A, count: 32_768))
        try whole.write(to: URL(filePath: path))
        try await expectRecovery(Journal(path: path))
    }

    @Test func databaseOfSomethingElse() async throws {
        let queue = try DatabaseQueue(path: path)
        try await queue.write { try $0.execute(sql: "CREATE TABLE event (x)") }
        try queue.close()
        try await expectRecovery(Journal(path: path))
    }

    @Test func tablesMissing() async throws {
        try await Fixture.journal(at: path, count: 2)
        try Fixture.tamper(path, "DROP TABLE head")
        try await expectRecovery(Journal(path: path))
    }

    @Test func twiceInARow() async throws {
        for _ in 1...2 {
            try Data("not a database, for certain".utf8).write(to: URL(filePath: path))
            try await expectRecovery(Journal(path: path))
        }
    }

    @Test func newerFilesAreLeftAlone() async throws {
        try await Fixture.journal(at: path, count: 1)
        try Fixture.tamper(path, "INSERT INTO grdb_migrations VALUES ('v9')")
        for _ in 1...2 {
            do {
                _ = try Journal(path: path)
                Issue.record("opened a newer journal")
            } catch { #expect(error.code == .newer) }
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(!left.contains { $0.contains("damaged") })
        #expect(try await Fixture.verify(path).count == 1)
    }

    @Test func unusablePlaces() throws {
        for place in [scratch.path, scratch.file("no/such/folder/journal"), "/proc/journal"] {
            do {
                _ = try Journal(path: place)
                Issue.record("opened \(place)")
            } catch { #expect(error.code == .storage, "\(place): \(error)") }
        }
    }

    @Test func readersSayWhatIsWrong() throws {
        do {
            _ = try Journal.reader(path: path)
            Issue.record("opened nothing")
        } catch { #expect(error.code == .missing) }
        try Data(repeating: 7, count: 9000).write(to: URL(filePath: path))
        do {
            _ = try Journal.reader(path: path)
            Issue.record("opened garbage")
        } catch { #expect(error.code == .damaged) }
        #expect(try bytes().count == 9000, "a reader changes nothing")
    }
}
