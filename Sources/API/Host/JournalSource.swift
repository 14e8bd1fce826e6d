import CurfewJournal
import CurfewModel
import Glibc

/// Reads the journal for the API: beside the writer, and again from the new file when it was replaced.
/// (Not inlined: Swift 6.3's optimizer crashes on callers that these were merged into.)
actor JournalSource {
    private let path: String
    private var reader: JournalReader?
    private var file: (device: dev_t, inode: ino_t)?
    private var walk: Task<ChainReport, any Error>?
    private var walked: (report: ChainReport, at: Instant)?

    init(path: String) { self.path = path }

    @inline(never) func events(after: Int64, limit: Int, kind: String?, workload: Name?) async throws -> [JournalEvent] {
        try await open().events(after: after, limit: limit, kind: kind, workload: workload)
    }

    @inline(never) func last(_ count: Int, kind: String? = nil, workload: Name? = nil) async throws -> [JournalEvent] {
        try await open().last(count, kind: kind, workload: workload)
    }

    /// The newest events that a query finds, newest first.
    @inline(never) func search(_ query: EventQuery, limit: Int) async throws -> [JournalEvent] {
        try await open().search(query, limit: limit)
    }

    /// The kinds of events that there are.
    @inline(never) func kinds() async throws -> [String] { try await open().kinds() }

    /// Walks the chain, once for all who ask meanwhile; what was found is good for ten seconds.
    @inline(never) func verify(within age: Span = .seconds(10)) async throws -> (report: ChainReport, at: Instant) {
        let now = Instant.wallClock
        if let walked, now >= walked.at, now - walked.at < age { return walked }
        if walk == nil {
            // On a reader of its own: a long walk must not hold up those who look at events.
            let path = path
            walk = Task { try await Journal.reader(path: path).verify() }
        }
        guard let walk else { throw Problem(.serviceUnavailable, "the journal cannot be walked just now") }
        do {
            let report = try await walk.value
            if self.walk == walk { (self.walk, walked) = (nil, (report, .wallClock)) }
            return walked ?? (report, .wallClock)
        } catch {
            if self.walk == walk { self.walk = nil }
            throw error
        }
    }

    private func open() throws -> JournalReader {
        var info = stat()
        let there = stat(path, &info) == 0
        if let reader, let file, there, file.device == info.st_dev, file.inode == info.st_ino { return reader }
        let opened = try Journal.reader(path: path)
        (reader, file) = (opened, there ? (info.st_dev, info.st_ino) : nil)
        return opened
    }
}
