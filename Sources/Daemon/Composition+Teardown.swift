public import CurfewDesiredState
import CurfewDrivers
import CurfewGitSource
public import CurfewModel

extension Composition {
    /// Ends every instance and the edge of a configuration's state folder; with `dryRun` only says which there are.
    /// - Throws: ``DaemonError`` with code `locked` while a daemon runs.
    public static func tearDown(_ configuration: ServiceConfiguration, dryRun: Bool) async throws -> [InstanceID] {
        let state = StateFolder(path: configuration.state)
        try state.create()
        let lock = try StateLock(state)
        defer { withExtendedLifetime(lock) {} }
        let runtimes = try runtimes(of: configuration, state: state, artifacts: mirror(of: configuration, program: ""))
        var ended: [InstanceID] = []
        for runtime in runtimes.values {
            if !dryRun { try await runtime.open() }
            let instances = try await runtime.observe()
            ended += instances.map(\.id)
            guard !dryRun else {
                await runtime.shutdown()
                continue
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for instance in instances { group.addTask { try await runtime.stop(instance.id, grace: .seconds(2)) } }
                try await group.waitForAll()
            }
            await runtime.shutdown()
        }
        if !dryRun { await edge(of: configuration, state: state).stop() }
        return ended.sorted()
    }
}
