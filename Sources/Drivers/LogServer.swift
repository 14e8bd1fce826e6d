public import CurfewModel

/// A runtime whose engine keeps the logs of instances, for people to read. Works beside a running service and changes
/// nothing.
public protocol LogServer: Runtime {
    /// The instances of a workload, or the one of that id, that the engine has a log of; oldest first.
    /// - Throws: ``DriverError`` when the engine does not answer.
    func logs(of target: String) async throws -> [InstanceID]

    /// Gives each line that an instance writes to `take`, beginning with the last `lines`; returns when it ends.
    func followLog(_ id: InstanceID, lines: Int, _ take: @Sendable (String) async throws -> Void) async throws
}
