import CurfewDrivers
import CurfewExecBackend
import CurfewJournal
import CurfewModel
import Logging

/// Ways in through Curfew: the socket, whoever is at the door and whoever is inside.
actor Sessions {
    struct Parts: Sendable {
        var state: StateFolder
        var backends: [ExecBackend]
        var chooser: EntryChooser
        var journal: Journal
        var now: @Sendable () -> Instant
        var log: Logger
        var limits = Reception.Limits()
        var recordings = RecordingBounds()
    }
    /// Between two looks for recordings that are too old.
    private static let sweepEvery = Duration.seconds(3600)
    private let parts: Parts
    private let events: SessionEvents
    private let store: RecordingStore
    private let queue = PrivateQueue("recording-store")
    private var listener: SessionListener?
    private var sweeping: Task<Void, Never>?

    init(_ parts: Parts) {
        self.parts = parts
        let events = SessionEvents(journal: parts.journal, log: parts.log, now: parts.now)
        self.events = events
        store = RecordingStore(folder: parts.state.recordings, bounds: parts.recordings, now: parts.now) { removed in
            Task { await events.removed(removed) }
        }
    }

    /// Closes what a kill has left open, and listens.
    /// - Throws: ``DaemonError`` when the socket cannot be made, or a backend names a runtime that lets nobody in.
    func open() async throws {
        for backend in parts.backends where parts.chooser.runtime(backend.configuration.runtime) == nil {
            throw DaemonError(
                .refused, operation: "open", subject: "access backend \(backend.name)",
                "runtime \(backend.configuration.runtime) lets nobody into its instances; name one of type docker")
        }
        try parts.state.createForSessions()
        await SessionRecovery(state: parts.state, journal: parts.journal, events: events, now: parts.now).run()
        sweeping = Task { [store, queue] in
            while !Task.isCancelled {
                _ = try? await queue.run { store.sweep() }
                try? await Task.sleep(for: Self.sweepEvery)
            }
        }
        let reception = Reception(
            doorkeeper: Doorkeeper(backends: parts.backends, proof: KeyProof(), now: parts.now),
            chooser: parts.chooser, events: events, seats: Seats(parts.limits.seats), recordings: parts.state.recordings,
            store: store,
            now: parts.now, limits: parts.limits)
        listener = try await SessionListener.open(parts.state.execSocket) { await reception.serve($0) }
    }

    /// Lets nobody in any more and cuts everybody. Bounded by the engine's patience.
    func shutdown() async {
        await listener?.close()
        listener = nil
        sweeping?.cancel()
        await withTaskGroup(of: Void.self) { group in
            for backend in parts.backends { group.addTask { await backend.cutAll("Curfew stops") } }
        }
    }
}
