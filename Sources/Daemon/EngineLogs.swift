public import CurfewDesiredState
import CurfewDrivers
import CurfewModel

/// Reads the logs that container engines keep, with or without a daemon.
public struct EngineLogs: Sendable {
    /// What is done with a line of an instance.
    public typealias Take = @Sendable (_ instance: String, _ line: String) async -> Void
    private let servers: [any LogServer]

    /// The engines of a configuration.
    /// - Throws: ``DriverError`` when one cannot be set up.
    public init(configuration: ServiceConfiguration) throws {
        // The local runtime's logs are files.
        var configuration = configuration
        configuration.runtimes = configuration.runtimes.filter { $0.value.type != "local" }
        let mirror = Composition.mirror(of: configuration, program: "")
        let state = StateFolder(path: configuration.state)
        servers = try Composition.runtimes(of: configuration, state: state, artifacts: mirror)
            .sorted { $0.key < $1.key }.compactMap { $0.value as? any LogServer }
    }

    /// Gives the last lines of each instance of a workload (or of the one of that id) to `take`; whether there is any.
    /// An engine that does not answer is an error only when no other knows the target.
    public func tail(of target: String, lines: Int, _ take: Take) async throws -> Bool {
        var isKnown = false
        var failure: (any Error)?
        for server in servers {
            do {
                for id in try await server.logs(of: target) {
                    isKnown = true
                    for line in try await server.logTail(id, lines: lines) { await take(id.rawValue, line) }
                }
            } catch { failure = failure ?? error }
        }
        if let failure, !isKnown { throw failure }
        return isKnown
    }

    /// Gives each line to `take` as it comes, also those of new instances, until the task is cancelled. Waits for an engine
    /// that does not answer.
    public func follow(_ target: String, lines: Int, _ take: @escaping Take) async {
        await withDiscardingTaskGroup { group in
            for server in servers { group.addTask { await follow(target, lines: lines, on: server, take) } }
        }
    }

    private func follow(_ target: String, lines: Int, on server: any LogServer, _ take: @escaping Take) async {
        await withDiscardingTaskGroup { group in
            var read: Set<InstanceID> = []
            var isFirst = true
            while !Task.isCancelled {
                if let ids = try? await server.logs(of: target) {
                    for id in ids where read.insert(id).inserted {
                        // An instance that comes later is read from its beginning.
                        let count = isFirst ? lines : 10_000
                        group.addTask {
                            do {
                                try await server.followLog(id, lines: count) { await take(id.rawValue, $0) }
                            } catch { if !Task.isCancelled { await take(id.rawValue, "curfew: \(error)") } }
                        }
                    }
                    isFirst = false
                }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}
