import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import GRDB

/// Events and raw access for the journal's tests.
enum Fixture {
    static func event(_ number: Int, kind: String = "deploy.started", workload: String? = nil) -> JournalEvent {
        JournalEvent(
            at: Instant(milliseconds: 1_700_000_000_000 + Int64(number)), kind: kind, workload: workload.flatMap { Name($0) },
            revision: ObjectID(String(repeating: "ab", count: 20)), message: "event \(number)",
            details: ["number": "\(number)", "log": "line one\nline two"])
    }

    /// A journal with `count` events, closed again.
    static func journal(at path: String, count: Int) async throws {
        let journal = try Journal(path: path)
        try await journal.append((1...count).map { event($0) })
    }

    /// Does to the file what somebody with root and `sqlite3` could do.
    static func tamper(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "DROP TRIGGER IF EXISTS event_keeps; DROP TRIGGER IF EXISTS event_stays; " + sql)
            _ = try database.checkpoint(.truncate)
        }
        try queue.close()
    }

    static func verify(_ path: String) async throws -> ChainReport { try await Journal.reader(path: path).verify() }
}
