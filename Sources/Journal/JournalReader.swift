public import CurfewModel
public import Foundation

/// A journal opened for reading alone, while the service writes it or when the service is down.
/// Sees each event as soon as it has been appended; holds no lock that would make the writer wait.
public actor JournalReader {
    private nonisolated let executor = SerialQueueExecutor(label: "curfew.journal.reader")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    let store: JournalStore

    init(path: String) throws(JournalError) { store = try .reading(path) }

    /// Events after `sequence`, oldest first, at most `limit` (0 to 100,000), of kinds that begin with `prefix`, about `workload`.
    public func events(
        after sequence: Int64 = 0, limit: Int = 1000, kind prefix: String? = nil, workload: Name? = nil
    ) throws(JournalError) -> [JournalEvent] {
        try store.first(limit, EventFilter(after: sequence, kindPrefix: prefix, workload: workload))
    }

    /// The last `count` events that pass the same filters, oldest first.
    public func last(_ count: Int, kind prefix: String? = nil, workload: Name? = nil) throws(JournalError) -> [JournalEvent] {
        try store.last(count, EventFilter(kindPrefix: prefix, workload: workload))
    }

    /// The newest events that a query finds, newest first, at most `limit` (0 to 100,000).
    public func search(_ query: EventQuery, limit: Int) throws(JournalError) -> [JournalEvent] {
        try store.search(query, limit: limit)
    }

    /// The kinds of events that there are, by name.
    public func kinds() throws(JournalError) -> [String] { try store.kinds() }

    /// Walks the whole chain.
    public func verify() throws(JournalError) -> ChainReport { try store.verify() }

    /// The value of one fact, `nil` when it is not set.
    public func fact(_ key: String) throws(JournalError) -> Data? { try store.fact(key) }

    /// All facts whose keys begin with `prefix`.
    public func facts(prefix: String) throws(JournalError) -> [String: Data] { try store.facts(prefix: prefix) }
}

extension JournalReader {
    /// Copies the journal as it is at one moment into a new file (0600), beside whoever writes it, and walks the copy's chain.
    public func copy(to path: String) throws(JournalError) -> ChainReport { try store.copy(to: path) }

    /// Whether a newer program has written it: this one can read it, and must not write it.
    public func isNewer() throws(JournalError) -> Bool { try store.isNewer() }
}
