import CurfewJournal
import CurfewTestSupport
import Foundation
import GRDB
import Testing

/// What somebody who can write the file might do to the audit trail, and where the chain says so.
@Suite struct TamperingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var sql: String
        var brokenAt: Int64
        var testDescription: String { name }
        init(_ name: String, _ brokenAt: Int64, _ sql: String) { (self.name, self.brokenAt, self.sql) = (name, brokenAt, sql) }
    }

    static let cases = [
        Case("message changed", 7, "UPDATE event SET message = 'nothing happened' WHERE sequence = 7"),
        Case("time changed", 7, "UPDATE event SET at = at + 1 WHERE sequence = 7"),
        Case("kind changed", 7, "UPDATE event SET kind = 'x' WHERE sequence = 7"),
        Case("workload given", 7, "UPDATE event SET workload = '' WHERE sequence = 7"),
        Case("revision taken", 7, "UPDATE event SET revision = NULL WHERE sequence = 7"),
        Case("details changed", 7, "UPDATE event SET details = replace(details, '7', '8') WHERE sequence = 7"),
        Case("hidden behind a NUL", 7, "UPDATE event SET message = message || char(0) || 'x' WHERE sequence = 7"),
        Case(
            "text moved between fields", 7,
            "UPDATE event SET message = 'd' || message, kind = 'deploy.starte' WHERE sequence = 7"),
        Case("hash changed", 7, "UPDATE event SET hash = zeroblob(32) WHERE sequence = 7"),
        Case("first changed", 1, "UPDATE event SET message = '' WHERE sequence = 1"),
        Case("last changed", 20, "UPDATE event SET message = '' WHERE sequence = 20"),
        Case("removed", 7, "DELETE FROM event WHERE sequence = 7"),
        Case("first removed", 1, "DELETE FROM event WHERE sequence = 1"),
        Case("all removed", 1, "DELETE FROM event"),
        Case("end cut off", 16, "DELETE FROM event WHERE sequence > 15"),
        Case(
            "removed and renumbered", 7,
            "DELETE FROM event WHERE sequence = 7; UPDATE event SET sequence = sequence - 1 WHERE sequence > 7"),
        Case(
            "inserted at the end", 21,
            "INSERT INTO event SELECT 21, at, kind, workload, revision, message, details, hash FROM event WHERE sequence = 20"),
        Case(
            "inserted before the first", 1,
            "INSERT INTO event SELECT 0, at, kind, workload, revision, message, details, hash FROM event WHERE sequence = 20"),
        Case(
            "reordered", 7,
            "UPDATE event SET sequence = 999 WHERE sequence = 7; UPDATE event SET sequence = 7 WHERE sequence = 8; UPDATE event SET sequence = 8 WHERE sequence = 999"
        ),
        Case("head removed", 21, "DELETE FROM head"),
        Case("head set back", 21, "UPDATE head SET sequence = 19"),
        Case("head hash changed", 21, "UPDATE head SET hash = zeroblob(32)"),
    ]

    @Test(arguments: cases)
    func isFound(_ tampering: Case) async throws {
        let scratch = try Scratch("journal-tamper")
        let path = scratch.file("journal.sqlite")
        try await Fixture.journal(at: path, count: 20)
        try Fixture.tamper(path, tampering.sql)
        let report = try await Fixture.verify(path)
        #expect(report.brokenAt == tampering.brokenAt)
        #expect(report.problem != nil)

        // The service goes on, and what it appends does not heal the break.
        let journal = try Journal(path: path)
        try await journal.append(Fixture.event(99))
        #expect(try await journal.verify().brokenAt != nil)
        #expect(try await journal.last(1).first?.message == "event 99")
        _ = try await journal.events()
    }

    @Test func unreadableValuesAreShownNotTrusted() async throws {
        let scratch = try Scratch("journal-tamper")
        let path = scratch.file("journal.sqlite")
        try await Fixture.journal(at: path, count: 2)
        try Fixture.tamper(
            path,
            "UPDATE event SET details = '{', workload = '../x', revision = 'zz', message = CAST(x'ff0a41' AS TEXT) WHERE sequence = 1"
        )
        let event = try #require(try await Journal.reader(path: path).events(limit: 1).first)
        #expect(event.workload == nil && event.revision == nil)
        #expect(event.message == "\u{FFFD}\\u{a}A")
        #expect(event.details.count == 1)
    }

    @Test func plainStatementsAreRefused() async throws {
        let scratch = try Scratch("journal-tamper")
        let path = scratch.file("journal.sqlite")
        try await Fixture.journal(at: path, count: 2)
        let queue = try DatabaseQueue(path: path)
        #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: "DELETE FROM event") } }
        #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: "UPDATE event SET message = ''") } }
    }
}
