internal import CurfewModel
internal import Foundation
internal import GRDB

extension JournalStore {
    /// Appends all events or none; returns them with their sequence numbers.
    func append(_ events: [JournalEvent]) throws(JournalError) -> [JournalEvent] {
        guard !events.isEmpty else { return [] }
        var appended: [JournalEvent] = []
        for event in events { appended.append(try event.normalised()) }
        return try JournalError.wrapping("append", path) {
            let prepared = try appended.map { ($0, try Self.encode($0.details)) }
            return try queue.write { database in
                let end = try Self.end(of: database)
                var (sequence, hash) = end
                var result: [JournalEvent] = []
                result.reserveCapacity(prepared.count)
                let insert = try database.cachedStatement(
                    sql: """
                        INSERT INTO event (sequence, at, kind, workload, revision, message, details, hash)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """)
                for (event, details) in prepared {
                    sequence += 1
                    hash = ChainHash.hash(event.fields(sequence: sequence, details: details), after: hash)
                    try insert.execute(arguments: [
                        sequence, event.at.milliseconds, event.kind, event.workload?.rawValue, event.revision?.hex,
                        event.message,
                        details, hash,
                    ])
                    result.append(event)
                    result[result.count - 1].sequence = sequence
                }
                // Only a head that stood at the end moves on: where it was changed or taken away, `verify()` has to go on
                // telling of it.
                try database.execute(
                    sql: "UPDATE head SET sequence = ?, hash = ? WHERE id = 1 AND sequence = ? AND hash = ?",
                    arguments: [sequence, hash, end.0, end.1])
                return result
            }
        }
    }

    /// Where the chain ends. With the head and the events at odds, after the later of the two: a gap stays a gap.
    private static func end(of database: Database) throws -> (Int64, Data) {
        let head = try Row.fetchOne(database, sql: "SELECT sequence, hash FROM head WHERE id = 1")
        let last = try Row.fetchOne(database, sql: "SELECT sequence, hash FROM event ORDER BY sequence DESC LIMIT 1")
        let ends = [head, last].compactMap(\.self).compactMap { row -> (Int64, Data)? in
            guard let sequence = Int64.fromDatabaseValue(row[0]), let hash = Data.fromDatabaseValue(row[1]) else { return nil }
            return (sequence, hash)
        }
        let end = ends.max { $0.0 < $1.0 } ?? (0, ChainHash.beginning)
        guard end.0 >= 0, end.0 < Int64.max - 1_000_000_000 else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the sequence numbers are out of range")
        }
        return end
    }

    /// Details as JSON with sorted names: readable with `sqlite3`, and the same text for the same details.
    private static func encode(_ details: [String: String]) throws -> String {
        if details.isEmpty { return "{}" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(details), as: UTF8.self)
    }
}

extension JournalEvent {
    fileprivate func fields(sequence: Int64, details: String) -> ChainHash.Fields {
        ChainHash.Fields(
            sequence: sequence, at: at.milliseconds, kind: Data(kind.utf8), workload: workload.map { Data($0.rawValue.utf8) },
            revision: revision.map { Data($0.hex.utf8) }, message: Data(message.utf8), details: Data(details.utf8))
    }
}
