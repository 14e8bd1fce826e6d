public import CurfewDrivers
public import CurfewModel
import Dispatch

/// An edge made of one HAProxy in master-worker mode, which Curfew starts and which outlives it.
///
/// Listeners change by a hitless reload, servers through the runtime socket. Everything is read back from HAProxy
/// itself; this object remembers only which process it watches.
public actor HAProxyEdge: Edge {
    /// One element when the HAProxy that this edge watches has ended, however that came. Newest only.
    public nonisolated let exits: AsyncStream<Void>
    let configuration: HAProxyConfiguration
    var master: MasterProcess?
    private let ended: AsyncStream<Void>.Continuation
    /// File, socket and `/proc` calls block, so they have a thread of their own.
    let queue = DispatchQueue(label: "curfew.edge.haproxy")
    private var busy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Makes an edge; touches nothing yet.
    public init(configuration: HAProxyConfiguration) {
        self.configuration = configuration
        (exits, ended) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What HAProxy does now, read from itself. Throws ``DriverError`` with `unreachable` when it does not run.
    public func observe() async throws -> ObservedEdge {
        try await inTurn {
            let layout = try Layout(configuration)
            guard try await find(layout) else {
                throw DriverError(.unreachable, operation: "observe edge", subject: layout.folder, "haproxy is not running")
            }
            return try await read(layout).state.observed
        }
    }

    /// Makes HAProxy equal to `listeners`; see ``Edge/apply(_:)``. Never waits for a drain.
    /// - Throws: ``DriverError``; `portInUse` when somebody else has a port. All other listeners are in effect then.
    public func apply(_ listeners: [EdgeListener]) async throws -> ObservedEdge {
        try await inTurn { try await bringAbout(listeners) }
    }

    /// Ends HAProxy with all its connections and removes its files. For tests and for uninstalling.
    public func stop() async {
        await inTurn { await end() }
    }

    /// One operation at a time: two that change the same HAProxy would undo each other between their awaits.
    private func inTurn<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        if busy { await withCheckedContinuation { waiting.append($0) } }
        busy = true
        defer {
            // Ownership goes straight to the next one, so nobody can slip in between.
            if waiting.isEmpty { busy = false } else { waiting.removeFirst().resume() }
        }
        return try await body()
    }

    /// Watches `identity`; its end is told on ``exits``.
    func watch(_ identity: ProcessIdentity) throws {
        master = try MasterProcess(identity, queue: queue) { [ended] in ended.yield() }
    }

    /// Runs blocking calls on the edge's own thread.
    nonisolated func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
