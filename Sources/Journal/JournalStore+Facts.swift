internal import Foundation
internal import GRDB

extension JournalStore {
    /// The value of one fact.
    func fact(_ key: String) throws(JournalError) -> Data? {
        try JournalError.wrapping("read", path) {
            try queue.read { database in
                try Row.fetchOne(database, sql: "SELECT value FROM fact WHERE key = ?", arguments: [key])
                    .flatMap { Data.fromDatabaseValue($0[0]) }
            }
        }
    }

    /// All facts whose keys begin with `prefix`.
    func facts(prefix: String) throws(JournalError) -> [String: Data] {
        try JournalError.wrapping("read", path) {
            try queue.read { database in
                let rows = try Row.fetchCursor(
                    database, sql: "SELECT key, value FROM fact WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1",
                    arguments: [prefix])
                var facts: [String: Data] = [:]
                while let row = try rows.next() {
                    guard let key = String.fromDatabaseValue(row[0]), let value = Data.fromDatabaseValue(row[1]) else {
                        continue
                    }
                    facts[key] = value
                }
                return facts
            }
        }
    }

    /// Sets all of these or none; `nil` removes.
    func setFacts(_ facts: [String: Data?]) throws(JournalError) {
        for (key, value) in facts {
            guard (1...512).contains(key.utf8.count), !key.utf8.contains(0), (value?.count ?? 0) <= 16 << 20 else {
                throw JournalError(
                    .invalid, operation: "set fact", subject: path,
                    "a key has 1 to 512 bytes without NUL, a value at most 16 MiB")
            }
        }
        guard !facts.isEmpty else { return }
        try JournalError.wrapping("set fact", path) {
            try queue.write { database in
                for (key, value) in facts {
                    if let value {
                        // An unchanged value is not written: a quiet tick costs no fsync.
                        try database.execute(
                            sql: """
                                INSERT INTO fact (key, value) VALUES (?, ?)
                                ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value
                                """, arguments: [key, value])
                    } else {
                        try database.execute(sql: "DELETE FROM fact WHERE key = ?", arguments: [key])
                    }
                }
            }
        }
    }
}
