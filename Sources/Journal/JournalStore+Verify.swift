internal import Foundation
internal import GRDB

extension JournalStore {
    /// Walks the chain from the first event to the last in one snapshot, a row in memory at a time.
    func verify() throws(JournalError) -> ChainReport {
        try JournalError.wrapping("verify", path) {
            try queue.read { database in
                // As blobs: a text that was cut by a NUL or is no UTF-8 must not pass for what it looks like.
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT sequence, at, hash, CAST(kind AS BLOB), CAST(workload AS BLOB), CAST(revision AS BLOB),
                            CAST(message AS BLOB), CAST(details AS BLOB)
                        FROM event ORDER BY sequence
                        """)
                var (count, previous) = (Int64(0), ChainHash.beginning)
                func broken(_ problem: String) -> ChainReport {
                    ChainReport(count: count, head: previous.hexadecimal, brokenAt: count + 1, problem: problem)
                }
                while let row = try rows.next() {
                    guard let fields = try ChainHash.Fields(row), let hash = Data.fromDatabaseValue(row[2]) else {
                        return broken("event \(count + 1) holds values of the wrong type")
                    }
                    guard fields.sequence == count + 1 else {
                        return broken(
                            fields.sequence > count
                                ? "event \(count + 1) is missing" : "there is an event before the first one")
                    }
                    guard ChainHash.hash(fields, after: previous) == hash else {
                        return broken("event \(count + 1) is not what was appended: changed, inserted or moved")
                    }
                    (count, previous) = (count + 1, hash)
                }
                return try Self.compare(count, previous, database) ?? ChainReport(count: count, head: previous.hexadecimal)
            }
        }
    }

    /// Compares the end of the chain with the head record, which shows when the last events were cut off.
    private static func compare(_ count: Int64, _ last: Data, _ database: Database) throws -> ChainReport? {
        func broken(_ problem: String) -> ChainReport {
            ChainReport(count: count, head: last.hexadecimal, brokenAt: count + 1, problem: problem)
        }
        guard let row = try Row.fetchOne(database, sql: "SELECT sequence, hash FROM head WHERE id = 1"),
            let sequence = Int64.fromDatabaseValue(row[0]), let hash = Data.fromDatabaseValue(row[1])
        else { return broken("the record of the last event is missing") }
        if sequence > count { return broken("the last events are missing: there were \(sequence)") }
        if sequence < count { return broken("events were added behind the last one that was recorded, \(sequence)") }
        return hash == last ? nil : broken("the record of the last event names another hash")
    }
}

extension ChainHash.Fields {
    fileprivate init?(_ row: Row) throws {
        guard let sequence = Int64.fromDatabaseValue(row[0]), let at = Int64.fromDatabaseValue(row[1]),
            let kind = Data.fromDatabaseValue(row[3]), let message = Data.fromDatabaseValue(row[6]),
            let details = Data.fromDatabaseValue(row[7])
        else { return nil }
        self.init(
            sequence: sequence, at: at, kind: kind, workload: Data.fromDatabaseValue(row[4]),
            revision: Data.fromDatabaseValue(row[5]), message: message, details: details)
    }
}
