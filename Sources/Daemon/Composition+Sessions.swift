import CurfewDesiredState
import CurfewDrivers
import CurfewExecBackend
import CurfewJournal
import CurfewModel
import Logging

extension Composition {
    /// The ways in through Curfew; `nil` when the configuration has none.
    static func sessions(
        _ backends: [Name: AccessBackendDriver], runtimes: [Name: any Runtime], state: StateFolder, journal: Journal,
        reconciler: Reconciler, recordings: RecordingBounds, log: Logger, now: @escaping @Sendable () -> Instant
    ) -> Sessions? {
        let ways = backends.values.compactMap { $0.backend as? ExecBackend }.sorted { $0.name < $1.name }
        guard !ways.isEmpty else { return nil }
        let chooser = EntryChooser(
            runtime: { runtimes[$0] as? any InteractiveRuntime }, healthy: { await reconciler.healthyInstances(of: $0) })
        return Sessions(
            Sessions.Parts(
                state: state, backends: ways, chooser: chooser, journal: journal, now: now, log: log, recordings: recordings))
    }

    /// How long recordings are kept, and how many.
    static func recordings(of configuration: ServiceConfiguration) -> RecordingBounds {
        var bounds = RecordingBounds()
        (bounds.keepFor, bounds.keepAtLeast) = (configuration.recordings.keepFor, configuration.recordings.keepAtLeast)
        bounds.maxSize = Int(clamping: configuration.recordings.maxSize.value)
        return bounds
    }
}
