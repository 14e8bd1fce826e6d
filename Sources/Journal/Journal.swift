public import CurfewModel
public import Foundation
internal import Synchronization

/// The audit trail: what was done, why, by which commit and with which evidence, appended and never changed; and beside
/// it the few facts that are remembered between ticks. The only writer of its file.
///
/// A failing call has changed nothing and leaves the journal usable: after a full disk it goes on once there is space.
public actor Journal {
    private nonisolated let executor = SerialQueueExecutor(label: "curfew.journal")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    private var store: JournalStore
    private var file: JournalFile?
    private var log: JournalFile?
    private var isDamaged = false
    private nonisolated let listener = Mutex<(@Sendable ([JournalEvent]) -> Void)?>(nil)

    /// Where a damaged file was moved to when this journal was opened; `nil` when it was sound or new.
    public nonisolated let recovered: String?

    /// Opens the journal at `path`, or begins one there; the folder exists.
    ///
    /// A damaged or truncated database is moved aside (`<path>.damaged-<ms>`, with `-wal` and `-shm`) and a new one begun,
    /// whose first event (`journal.recovered`) says so. Blocks for as long as SQLite's quick check takes.
    /// - Throws: `storage` when the disk is full or unwritable, `newer` for a file of a newer Curfew.
    public init(path: String) throws(JournalError) {
        self.path = path
        let opened = try JournalStore.openOrRecover(path)
        (store, recovered, file, log) = (opened.store, opened.movedTo, JournalFile(path), JournalFile(path + "-wal"))
    }

    /// Calls `body` with each batch of events once it is on disk. It has to be quick: appending waits for it.
    public nonisolated func onAppend(_ body: @escaping @Sendable ([JournalEvent]) -> Void) {
        listener.withLock { $0 = body }
    }

    /// Opens the journal at `path` for reading alone.
    /// - Throws: `missing` when there is none, `damaged` when it is none.
    public static func reader(path: String) throws(JournalError) -> JournalReader { try JournalReader(path: path) }

    /// Appends one event; returns it as it was stored, with its sequence number. It is on disk when this returns.
    /// - Throws: `storage` when the disk is full; then nothing was appended.
    @discardableResult
    public func append(_ event: JournalEvent) throws(JournalError) -> JournalEvent {
        let appended = try watching { () throws(JournalError) in try store.append([event]) }
        tell(appended)
        return appended.first ?? event
    }

    /// Appends all of these in one transaction, or none.
    public func append(_ events: [JournalEvent]) throws(JournalError) {
        tell(try watching { () throws(JournalError) in try store.append(events) })
    }

    private func tell(_ events: [JournalEvent]) { listener.withLock { $0 }?(events) }

    /// Events after `sequence`, oldest first, at most `limit` (0 to 100,000), of kinds that begin with `prefix`, about `workload`.
    public func events(
        after sequence: Int64 = 0, limit: Int = 1000, kind prefix: String? = nil, workload: Name? = nil
    ) throws(JournalError) -> [JournalEvent] {
        let filter = EventFilter(after: sequence, kindPrefix: prefix, workload: workload)
        return try watching { () throws(JournalError) in try store.first(limit, filter) }
    }

    /// The last `count` events that pass the same filters, oldest first.
    public func last(_ count: Int, kind prefix: String? = nil, workload: Name? = nil) throws(JournalError) -> [JournalEvent] {
        let filter = EventFilter(kindPrefix: prefix, workload: workload)
        return try watching { () throws(JournalError) in try store.last(count, filter) }
    }

    /// Walks the whole chain. Appending waits meanwhile; a ``JournalReader`` walks it without that.
    public func verify() throws(JournalError) -> ChainReport {
        try watching { () throws(JournalError) in try store.verify() }
    }

    /// The value of one fact, `nil` when it is not set.
    public func fact(_ key: String) throws(JournalError) -> Data? {
        try watching { () throws(JournalError) in try store.fact(key) }
    }

    /// Sets one fact; `nil` removes it. A key has 1 to 512 bytes, a value at most 16 MiB.
    public func setFact(_ key: String, _ value: Data?) throws(JournalError) { try setFacts([key: value]) }

    /// All facts whose keys begin with `prefix`.
    public func facts(prefix: String) throws(JournalError) -> [String: Data] {
        try watching { () throws(JournalError) in try store.facts(prefix: prefix) }
    }

    /// Sets all of these facts in one transaction, or none; `nil` removes one.
    public func setFacts(_ facts: [String: Data?]) throws(JournalError) {
        try watching { () throws(JournalError) in try store.setFacts(facts) }
    }

    /// Looks whether the file was deleted, replaced, cut or found damaged under us, and then opens what is there or begins
    /// anew; the next event says which. Costs one `stat` otherwise. Returns whether it was opened again.
    public func reopenIfReplaced() throws(JournalError) -> Bool {
        let found = JournalFile(path)
        if !isDamaged, let file, file.continues(in: found) {
            (self.file, log) = (found, JournalFile(path + "-wal"))
            return false
        }
        let reason =
            switch (found, file) {
            case (nil, _): "was deleted"
            case (let now?, let before?) where !before.isSame(as: now): "was replaced"
            default: "was damaged"
            }
        // Closed first, so that two connections never write one file; when that fails, the next call tries again.
        try? store.queue.close()
        if let log, let left = JournalFile(path + "-wal"), log.isSame(as: left), file.map({ !$0.isSame(as: found) }) ?? false {
            // Our write-ahead log belongs to the file that has gone, and SQLite would replay it into the new one.
            JournalFile.removeLog(of: path)
        }
        isDamaged = true
        let opened = try JournalStore.openOrRecover(path)
        (store, file, log, isDamaged) = (opened.store, JournalFile(path), JournalFile(path + "-wal"), false)
        if opened.movedTo == nil {
            try append(
                JournalEvent(
                    at: .wallClock, kind: "journal.reopened", message: "the journal's file \(reason) while it was in use",
                    details: ["path": path]))
        }
        return true
    }

    /// Remembers that the file was found to be damaged, so that ``reopenIfReplaced()`` acts on it.
    private func watching<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
        do {
            return try body()
        } catch {
            if error.code == .damaged { isDamaged = true }
            throw error
        }
    }
}
