internal import GRDB

extension JournalStore {
    /// Copies the database into a new file, in one read transaction, and walks the copy's chain.
    func copy(to target: String) throws(JournalError) -> ChainReport {
        try JournalFile.create(target)
        try JournalError.wrapping("copy", path) {
            let copy = try DatabaseQueue(path: target)
            try queue.backup(to: copy)
            // One file, with no log beside it.
            try copy.writeWithoutTransaction { database in try database.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
        return try JournalStore.reading(target).verify()
    }

    /// Whether a newer program has written it.
    func isNewer() throws(JournalError) -> Bool {
        try JournalError.wrapping("open", path) { try queue.read { try Schema.migrator.hasBeenSuperseded($0) } }
    }
}
