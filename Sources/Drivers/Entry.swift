public import CurfewModel

/// A runtime that tells when somebody went into an instance.
public protocol EntryObserving: Runtime {
    /// Everybody who goes into an instance by another way than ours, as it happens.
    var entries: AsyncStream<ObservedEntry> { get }

    /// Who went in since then, oldest first, as far as the engine still knows, and who is inside just now.
    func entries(since: Instant) async throws -> [ObservedEntry]
}

/// A runtime in whose instances a person can be let in.
public protocol InteractiveRuntime: EntryObserving {
    /// Starts a command inside a running instance, for a person. It is no entry in the sense of ``entries``: whoever calls
    /// this answers for it.
    /// - Parameter terminal: a terminal of this size is made; `nil` = plain pipes, with errors apart.
    /// - Throws: ``DriverError``; then nothing runs.
    func enter(_ id: InstanceID, command: [String], terminal: TerminalSize?) async throws -> any EntrySession
}

/// A person's command inside an instance. Ends when the command ends, or is ended.
public protocol EntrySession: Sendable {
    /// The engine's own name of it, for the journal.
    var id: String { get }
    /// What the command writes, in order; ends with the command, throws ``DriverError`` when the engine is lost.
    var output: AsyncThrowingStream<EntryOutput, any Error> { get }
    /// Gives it input; waits while it takes none.
    func write(_ bytes: [UInt8]) async throws
    /// No more input comes.
    func closeInput() async throws
    /// The person's terminal has another size now.
    func resize(_ size: TerminalSize) async throws
    /// Once ``output`` has ended: the exit code, `nil` when nobody knows it.
    func exitCode() async throws -> Int32?
    /// Cuts the connection and ends the command and what it started, as far as the engine lets us. Safe to call twice.
    func end() async
}

/// Columns and rows of a terminal, each 1 to 65535.
public struct TerminalSize: Sendable, Hashable, Codable {
    /// Columns.
    public var columns: Int
    /// Rows.
    public var rows: Int
    /// Makes a size.
    public init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }
}

/// A piece of what a command wrote.
public enum EntryOutput: Sendable, Hashable {
    /// To its standard output, or to its terminal.
    case output([UInt8])
    /// To its standard error.
    case errors([UInt8])
}

/// Somebody went into an instance.
public struct ObservedEntry: Sendable, Hashable, Codable {
    /// The runtime.
    public var runtime: Name
    /// The instance, as far as it is one of ours.
    public var instance: InstanceID
    /// Its workload.
    public var workload: Name
    /// How: `exec`, `attach`, `copy`; for a process that came by no door of the engine's, `process`.
    public var kind: String
    /// What was run, for people; hostile text, at most 1000 bytes. Empty when the engine does not say.
    public var command: String
    /// When, by the engine's clock.
    public var at: Instant
    /// By whom, as far as the engine knows; most engines do not.
    public var who: String?
    /// The engine's own name of it: the same entry is told once.
    public var id: String

    /// Makes an entry.
    public init(
        runtime: Name, instance: InstanceID, workload: Name, kind: String, command: String, at: Instant, who: String? = nil,
        id: String
    ) {
        (self.runtime, self.instance, self.workload) = (runtime, instance, workload)
        (self.kind, self.command, self.at, self.who, self.id) = (kind, command, at, who, id)
    }
}
