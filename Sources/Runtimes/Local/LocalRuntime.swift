public import CurfewDrivers
public import CurfewModel
import Foundation

/// Runs instances on this machine: each a bubblewrap sandbox of its own, started so that it outlives this process and
/// found again by a record beside it, its process id and its start time.
///
/// One process at a time may use a folder (the service's state lock sees to that).
public actor LocalRuntime: EntryObserving {
    public nonisolated let name: Name
    public nonisolated let capabilities: RuntimeCapabilities
    /// One line for each instance that has ended, also for those started by an earlier process, once ``open()`` is done.
    public nonisolated let events: AsyncStream<RuntimeEvent>
    public nonisolated let entries: AsyncStream<ObservedEntry>

    nonisolated let configuration: LocalRuntimeConfiguration
    nonisolated let artifacts: any ArtifactSource
    nonisolated let user: SandboxUser
    nonisolated let groups: ControlGroups
    nonisolated let store: Store
    nonisolated let watcher: ExitWatcher
    nonisolated let lanes: Lanes
    /// Unpacking takes long and must not hold up a start.
    nonisolated let slowLane: Lanes
    nonisolated let report: AsyncStream<RuntimeEvent>.Continuation
    nonisolated let entered: AsyncStream<ObservedEntry>.Continuation

    /// Left-overs may only be removed, and changed folders put aside, by the one who owns the folder.
    var isOpen = false
    var ports: Ports
    var hostFiles: InstanceRecord.StoreEntry?
    var starting: [InstanceID: Task<ObservedInstance, any Error>] = [:]
    var stopping: [InstanceID: Task<Void, any Error>] = [:]
    var preparing: [String: Task<Void, any Error>] = [:]
    /// Outer processes that are our own children, to be reaped.
    var children: [InstanceID: ProcessMark] = [:]
    var watched: [InstanceID: UInt64] = [:]
    var rotation: Task<Void, Never>?

    /// Sets up a runtime; touches nothing but control groups (to find out what they can do).
    /// - Throws: ``DriverError`` when the configuration cannot work here.
    public init(configuration: LocalRuntimeConfiguration, artifacts: any ArtifactSource) throws {
        func refuse(_ message: String) -> DriverError {
            DriverError(.failed, operation: "set up the local runtime", subject: configuration.name.rawValue, message)
        }
        guard configuration.folder.utf8.first == UInt8(ascii: "/"), configuration.folder.utf8.count > 1,
            !configuration.folder.utf8.contains(0)
        else { throw refuse("its folder has to be an absolute path") }
        guard configuration.firstPort >= 1, configuration.lastPort <= 65535, configuration.firstPort <= configuration.lastPort
        else { throw refuse("its ports have to be a range within 1 to 65535") }
        guard (1...100).contains(configuration.logFiles), configuration.logLimit.value > 0, configuration.maxArtifact.value > 0
        else { throw refuse("logFiles has to be 1 to 100, logLimit and maxArtifact at least 1") }
        user = try SandboxUser.resolve(configuration.user)
        groups = ControlGroups(folder: configuration.folder)
        capabilities = Self.capabilities(holding: groups)
        (self.configuration, self.artifacts, name) = (configuration, artifacts, configuration.name)
        store = Store(folder: configuration.folder + "/store")
        watcher = try ExitWatcher("curfew-\(configuration.name)")
        lanes = Lanes("curfew.local.\(configuration.name)", count: 4)
        slowLane = Lanes("curfew.local.\(configuration.name).slow", count: 2)
        ports = Ports(configuration.firstPort...configuration.lastPort)
        (events, report) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
        (entries, entered) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
    }

    deinit {
        watcher.stop()
        report.finish()
        entered.finish()
        rotation?.cancel()
    }

    /// What a local runtime can do on this machine.
    public static func capabilities() -> RuntimeCapabilities { capabilities(holding: ControlGroups(folder: "")) }

    private static func capabilities(holding groups: ControlGroups) -> RuntimeCapabilities {
        RuntimeCapabilities(
            artifacts: [.tree, .url, .none], limits: Set(groups.folders.keys.map(\.rawValue)),
            missingLimits: Dictionary(uniqueKeysWithValues: groups.missing.map { ($0.rawValue, $1) }), volumes: true)
    }

    nonisolated var instances: String { configuration.folder + "/instances" }

    nonisolated func folder(_ id: InstanceID) -> InstanceFolder { InstanceFolder(path: "\(instances)/\(id)") }
}
