import CurfewJournal
import CurfewTestSupport
import Foundation
import GRDB
import Testing

/// Journals of older programs.
@Suite struct MigrationTests {
    /// What the first schema's program wrote in the life of one service, as SQL. Never to be changed.
    private let first = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('v1');
        CREATE TABLE event (
            sequence INTEGER PRIMARY KEY NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, workload TEXT, revision TEXT,
            message TEXT NOT NULL, details TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
        CREATE INDEX event_by_workload ON event (workload, sequence);
        CREATE TRIGGER event_keeps BEFORE DELETE ON event
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER event_stays BEFORE UPDATE ON event
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TABLE head (
            id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
        CREATE TABLE fact (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO event VALUES (1, 1795516763875, 'daemon.started', NULL, NULL,
            'Curfew 0.1.0-dev started on file:///tmp/b200/h1/remote.git', '{}',
            X'8433C2444CD39DF4AACF9CA26483D1A9BA9C478B30234CB91616011E14C19CCF');
        INSERT INTO event VALUES (2, 1795516763922, 'revision.applied', NULL,
            '84022aea860cf7463b4c72d6a47da26ceaac2f81', 'revision 84022aea is in force', '{}',
            X'62A02A9405C1D777D202F6ADB1F388D6B7909F4E7BB5FEBB1A9B530ECF1EAAD9');
        INSERT INTO event VALUES (3, 1795516763928, 'plan.create', 'many', '84022aea860cf7463b4c72d6a47da26ceaac2f81',
            'create many: 1 instance of generation 66b0ee90', '{}',
            X'42A7DFEB94D61DBA8B63A68FEE55C6DC4024BCE6C24B4C6395CE5A47D422E50C');
        INSERT INTO event VALUES (4, 1795516763942, 'instance.started', 'many', NULL,
            'many-66b0ee90-20exhk8ggld started', '{}',
            X'626611FBD57D9961CC8E6D6B111D335902945F589423B7C746B0B9FA552A0A3E');
        INSERT INTO event VALUES (5, 1795516763978, 'rollout.finished', 'many',
            '84022aea860cf7463b4c72d6a47da26ceaac2f81', 'many runs generation 66b0ee90, 1 of 1 ready', '{}',
            X'884F1F6094E69E28288191579BCF1921AAB4B90B55BB272BF751422FD6872DF1');
        INSERT INTO event VALUES (6, 1795516764040, 'daemon.stopped', NULL, NULL,
            'Curfew stopped; instances go on running', '{}',
            X'CF9E3C386F3C8545452AD99D483461C653E086B33F5286A90B4B9D9F2B7F2C7F');
        INSERT INTO fact VALUES ('artifacts/many',
            X'5B2233386435313538303438343963613337363134343263663039393430386639376663383862303635225D');
        INSERT INTO head VALUES (1, 6, X'CF9E3C386F3C8545452AD99D483461C653E086B33F5286A90B4B9D9F2B7F2C7F');
        """

    @Test func theFirstSchemaIsBroughtUpToDate() async throws {
        let scratch = try Scratch("migration")
        let path = scratch.file("journal.sqlite")
        let queue = try DatabaseQueue(path: path)
        try await queue.writeWithoutTransaction { [first] in try $0.execute(sql: first) }
        try queue.close()
        for round in 1...2 {
            let journal = try Journal(path: path)
            #expect(journal.recovered == nil)
            let events = try await journal.events()
            #expect(events.prefix(6).map(\.kind) == Self.kinds)
            #expect(try await journal.fact("artifacts/many") != nil)
            try await journal.append(Fixture.event(round))
            let chain = try await Fixture.verify(path)
            #expect(chain.isSound && chain.count == Int64(6 + round))
        }
        let found = try await Journal.reader(path: path).search(EventQuery(kinds: ["plan.create"]), limit: 10)
        #expect(found.map(\.sequence) == [3])
    }

    private static let kinds = [
        "daemon.started", "revision.applied", "plan.create", "instance.started", "rollout.finished", "daemon.stopped",
    ]
}
