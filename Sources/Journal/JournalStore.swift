internal import GRDB

/// A journal's database, open. Calls block; `Journal` and `JournalReader` make them on threads of their own.
struct JournalStore: Sendable {
    let path: String
    let queue: DatabaseQueue

    /// Opens an existing journal for reading, beside whoever writes it.
    static func reading(_ path: String) throws(JournalError) -> JournalStore {
        guard JournalFile(path) != nil else {
            throw JournalError(.missing, operation: "open", subject: path, "there is no journal; has the service run here yet?")
        }
        var configuration = configuration()
        configuration.readonly = true
        let store = try JournalError.wrapping("open", path) {
            JournalStore(path: path, queue: try DatabaseQueue(path: path, configuration: configuration))
        }
        try store.requireTables()
        return store
    }

    /// Opens a journal for writing, or begins one in an empty or missing file.
    /// Throws `damaged` when the file is no sound journal, which leaves it as it is.
    static func writing(_ path: String) throws(JournalError) -> JournalStore {
        try JournalFile.create(path)
        var configuration = configuration()
        configuration.journalMode = .wal
        let store = try JournalError.wrapping("open", path) {
            JournalStore(path: path, queue: try DatabaseQueue(path: path, configuration: configuration))
        }
        try store.prepare()
        return store
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "curfew.journal"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // The file may have been tampered with: nothing in its schema is to be trusted.
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    private func prepare() throws(JournalError) {
        try JournalError.wrapping("open", path) {
            try queue.writeWithoutTransaction { database in
                // What the journal says has been done must still be said after a power cut, and there are few writes:
                // one fsync for each transaction (FULL) instead of one for each checkpoint (NORMAL).
                try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8388608")
                let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
                guard findings == ["ok"] else {
                    throw JournalError(.damaged, operation: "open", subject: path, "the database is corrupt")
                }
                guard try !Schema.migrator.hasBeenSuperseded(database) else {
                    throw JournalError(
                        .newer, operation: "open", subject: path,
                        "written by a newer Curfew; run that one, or move the file away")
                }
            }
        }
        do throws(JournalError) {
            try JournalError.wrapping("open", path) { try Schema.migrator.migrate(queue) }
        } catch {
            guard error.code == .failed else { throw error }
            throw JournalError(.damaged, operation: "open", subject: path, "the database does not hold a journal")
        }
        try requireTables()
    }

    private func requireTables() throws(JournalError) {
        do throws(JournalError) {
            try JournalError.wrapping("open", path) {
                try queue.read { database in
                    for table in [
                        "sequence, at, kind, workload, revision, message, details, hash FROM event",
                        "id, sequence, hash FROM head", "key, value FROM fact",
                    ] {
                        _ = try Row.fetchOne(database, sql: "SELECT \(table) LIMIT 0")
                    }
                }
            }
        } catch {
            guard error.code == .failed else { throw error }
            throw JournalError(.damaged, operation: "open", subject: path, "the database does not hold a journal")
        }
    }
}
