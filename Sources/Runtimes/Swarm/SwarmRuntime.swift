import CurfewContainers
import CurfewDockerAPI
public import CurfewDrivers
public import CurfewModel
import Foundation

/// Runs each instance as a service of one task on a Docker swarm, made once and never changed: the swarm finds a node for
/// it and another one when that is lost; when instances come and go stays Curfew's decision.
///
/// What is ours is known by labels and by a ledger of the services' ids. A swarm belongs to one Curfew (``SwarmClaim``).
public actor SwarmRuntime: Runtime {
    public nonisolated let name: Name
    public nonisolated let capabilities: RuntimeCapabilities
    public nonisolated let events: AsyncStream<RuntimeEvent>

    nonisolated let configuration: SwarmRuntimeConfiguration
    nonisolated let pool: ManagerPool
    nonisolated let credentials: RegistryCredentials
    nonisolated let secrets: SecretReader
    nonisolated let names: ContentNames
    nonisolated let owner: String
    nonisolated let ledger: Ledger
    nonisolated let report: AsyncStream<RuntimeEvent>.Continuation

    /// The ledger, as it is on disk.
    var written: [InstanceID: Ledger.Entry] = [:]
    /// What was seen last.
    var known: [InstanceID: Sight] = [:]
    var starting: [InstanceID: Task<ObservedInstance, any Error>] = [:]
    var stopping: [InstanceID: Task<Void, any Error>] = [:]
    /// Numbers of instances that are being started.
    var ordinals: [InstanceID: (workload: Name, ordinal: Int)] = [:]
    /// Networks that are being made: the swarm would make two of one name.
    var linking: [Name: Task<String, any Error>] = [:]
    /// Secrets are being removed: none is taken meanwhile.
    var sweeping: Task<Int, any Error>?
    /// An instance has gone, and its secrets may be nobody's now.
    var secretsMayBeLeft = true
    /// Images that the registry is known to have.
    var confirmed: Set<String> = []
    /// Nodes by id, as they were when something last happened to one.
    var nodes: [String: SwarmNode] = [:]
    var nodesAreStale = true
    /// Tasks that the swarm gave up while they ran: how they end later says nothing.
    var moved: Set<String> = []
    /// Tasks as the last poll saw them.
    var polled: [String: String]?
    var watching: Task<Void, Never>?
    var isOpen = false
    var isClaimed = false

    /// What is known of one service.
    struct Sight {
        var service: String
        var workload: Name
        var ordinal: Int
        /// Counts the service's changes.
        var version: UInt64
        /// Found for that version.
        var tampered: String?
    }

    /// Sets up a runtime; connects to nobody.
    /// - Throws: ``DriverError`` when its folder or its TLS files cannot be used.
    public init(configuration: SwarmRuntimeConfiguration, artifacts: any ArtifactSource) throws {
        (self.configuration, name, capabilities) = (configuration, configuration.name, Self.capabilities)
        do { pool = try ManagerPool(configuration.endpoints, timeout: configuration.timeout) } catch {
            throw Self.driverError(error, "set up the swarm", "")
        }
        owner = try EngineClaim.owner(folder: configuration.folder)
        names = try ContentNames(folder: configuration.folder)
        ledger = try Ledger(folder: configuration.folder + "/instances")
        written = try ledger.entries()
        credentials = RegistryCredentials(path: configuration.credentials)
        secrets = SecretReader(settings: configuration.secrets, artifacts: artifacts)
        (events, report) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    deinit {
        watching?.cancel()
        report.finish()
    }

    /// What every Swarm runtime can do; nobody is asked.
    public static let capabilities: RuntimeCapabilities = {
        var capabilities = RuntimeCapabilities(artifacts: [.image], limits: ["cpu", "memory", "pids"], volumes: true)
        capabilities.containers = true
        capabilities.secrets = true
        capabilities.placement = true
        capabilities.volumesArePinned = true
        capabilities.missingCommandProbes = "nobody can run a command in a container of another node through a manager"
        capabilities.missingArtifacts[.tree] =
            "the nodes of a swarm pull their images from a registry; push an image of the folder and name it by digest"
        return capabilities
    }()

    /// An engine's error in a driver's words.
    static func driverError(_ error: any Error, _ operation: String, _ subject: String) -> any Error {
        guard let error = error as? DockerError else { return error }
        let code: DriverError.Code =
            switch error.code {
            case .unreachable, .timedOut, .version: .unreachable
            default: error.message.contains("no space left on device") ? .storage : .failed
            }
        return DriverError(code, operation: operation, subject: subject, error.message)
    }

    /// Runs `body`; what the swarm refuses becomes a driver's error.
    func translating<Value>(_ operation: String, _ subject: String, _ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch { throw Self.driverError(error, operation, subject) }
    }

    /// The labels that all instances wear.
    nonisolated var instanceLabels: [String] { [ContainerMark.kind + "=instance"] }
}
