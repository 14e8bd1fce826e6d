import CurfewContainers
import CurfewDockerAPI
public import CurfewDrivers
public import CurfewModel

/// Runs instances as containers of one Docker engine, each made once and never changed.
///
/// What is ours is known by labels with a seal and by a ledger of the engine's ids; what a container was made from is
/// compared with what the engine says of it. An engine belongs to one Curfew (``EngineClaim``).
public actor DockerRuntime: InteractiveRuntime {
    public nonisolated let name: Name
    public nonisolated let capabilities: RuntimeCapabilities
    public nonisolated let events: AsyncStream<RuntimeEvent>
    public nonisolated let entries: AsyncStream<ObservedEntry>

    nonisolated let configuration: DockerRuntimeConfiguration
    nonisolated let client: DockerClient
    nonisolated let credentials: RegistryCredentials
    nonisolated let trees: TreeImages?
    nonisolated let secrets: SecretFolder
    nonisolated let owner: String
    nonisolated let ledger: Ledger
    nonisolated let report: AsyncStream<RuntimeEvent>.Continuation
    nonisolated let entered: AsyncStream<ObservedEntry>.Continuation

    /// What is known of the containers, by the engine's id; kept so that an observation costs what changed.
    var known: [String: Sight] = [:]
    /// The ledger, as it is on disk.
    var written: [InstanceID: Ledger.Entry] = [:]
    var starting: [InstanceID: Task<ObservedInstance, any Error>] = [:]
    var stopping: [InstanceID: Task<Void, any Error>] = [:]
    var preparing: [String: Task<Void, any Error>] = [:]
    /// Networks that are being made: the engine would make two of one name.
    var linking: [String: Task<Void, any Error>] = [:]
    /// Commands that we run ourselves, by the engine's id.
    var ours = RecentSet<String>(limit: 16_384)
    /// How often something happened to a container, by the engine's id.
    var news: [String: Int] = [:]
    /// The last event that was taken care of, nanoseconds since 1970.
    var cursor: Int64 = 0
    var watching: Task<Void, Never>?
    var isOpen = false
    var isClaimed = false
    /// Where the last look through changed files ended.
    var auditPosition = 0

    /// What is known of one container.
    struct Sight {
        var summary: ContainerSummary
        var instance: ObservedInstance
        /// Something happened to it since it was looked at.
        var isStale = false
        /// What it was made from; `nil` for one that is not ours.
        var request: ContainerRequest?
        /// The image's own check, whose runs are nobody's entry.
        var healthcheck: String?
        /// Its first process, on the engine's machine.
        var process: Int?
    }

    /// Sets up a runtime; connects to nobody.
    /// - Throws: ``DriverError`` when its folder or its TLS files cannot be used.
    public init(configuration: DockerRuntimeConfiguration, artifacts: any ArtifactSource) throws {
        (self.configuration, name) = (configuration, configuration.name)
        capabilities = Self.capabilities(of: configuration)
        do { client = try DockerClient(endpoint: configuration.endpoint) } catch {
            throw Self.driverError(error, "set up the engine", "")
        }
        owner = try EngineClaim.owner(folder: configuration.folder)
        ledger = try Ledger(folder: configuration.folder + "/instances")
        written = try ledger.entries()
        credentials = RegistryCredentials(path: configuration.credentials)
        secrets = SecretFolder(
            folder: configuration.folder + "/secrets",
            reader: SecretReader(settings: configuration.secrets, artifacts: artifacts))
        trees = configuration.base.map {
            TreeImages(
                artifacts: artifacts, base: $0, limit: configuration.maxArtifact, scratch: configuration.folder + "/scratch")
        }
        (events, report) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
        (entries, entered) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
    }

    deinit {
        watching?.cancel()
        report.finish()
        entered.finish()
    }

    /// What a Docker runtime of this configuration can do; nobody is asked.
    public static func capabilities(of configuration: DockerRuntimeConfiguration) -> RuntimeCapabilities {
        var capabilities = RuntimeCapabilities(
            artifacts: configuration.base == nil ? [.image] : [.image, .tree], limits: ["cpu", "memory", "pids"], volumes: true)
        (capabilities.containers, capabilities.resolvesTags) = (true, configuration.resolveTags)
        // Secrets are files of this machine that the engine mounts.
        capabilities.secrets = configuration.endpoint.isLocal
        capabilities.missingArtifacts[.tree] = "its configuration names no 'base' image to put the folder on"
        return capabilities
    }

    /// An engine's error in a driver's words.
    static func driverError(_ error: any Error, _ operation: String, _ subject: String) -> any Error {
        guard let error = error as? DockerError else { return error }
        let code: DriverError.Code =
            switch error.code {
            case .unreachable, .timedOut, .version: .unreachable
            default:
                if error.message.contains("no space left on device") {
                    .storage
                } else if error.message.contains("port is already allocated")
                    || error.message.contains("address already in use")
                {
                    .portInUse
                } else {
                    .failed
                }
            }
        return DriverError(code, operation: operation, subject: subject, error.message)
    }

    /// Runs `body`; what the engine refuses becomes a driver's error.
    func translating<Value>(_ operation: String, _ subject: String, _ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch { throw Self.driverError(error, operation, subject) }
    }
}
