internal import CurfewModel

extension JournalStore {
    /// Opens the journal at `path`; one that is damaged is moved aside, and a new one says so in its first event.
    static func openOrRecover(_ path: String) throws(JournalError) -> (store: JournalStore, movedTo: String?) {
        let reason: String
        do throws(JournalError) {
            if let file = JournalFile(path), file.size == 0 {
                // SQLite takes an empty file for a new database, but we leave none behind (unless killed in the first
                // instant of all): its content was cut.
                throw JournalError(.damaged, operation: "open", subject: path, "the file is empty")
            }
            return (try writing(path), nil)
        } catch {
            guard error.code == .damaged else { throw error }
            reason = error.message
        }
        let target = try JournalFile.moveAside(path)
        let store = try writing(path)
        let event = JournalEvent(
            at: .wallClock, kind: "journal.recovered",
            message: "the journal was damaged (\(reason)) and was moved to \(target); this one begins anew",
            details: ["movedTo": target, "reason": reason])
        _ = try store.append([event])
        return (store, target)
    }
}
