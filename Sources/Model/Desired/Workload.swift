/// What should run: one document of `kind: Workload`, validated.
public struct Workload: Hashable, Sendable {
    /// `metadata.name`, unique in the repository.
    public var name: Name
    /// `metadata.labels`; carried along, they do not shape an instance.
    public var labels: [String: String]
    /// The runtime of the service's configuration that runs it.
    public var runtime: Name
    /// How many instances; 0 to 1000. Not part of the generation.
    public var replicas: Int
    /// What is run.
    public var artifact: Artifact
    /// Argument vector; `$(PORT)` and `$(PORT_NAME)` stand for the ports that the runtime allots, `$(HOST)` for the address
    /// to listen on. Never a shell. Empty = the image's own entrypoint.
    public var command: [String]
    /// Environment; the same placeholders are allowed in values.
    public var env: [String: String]
    /// Ports that the instance listens on.
    public var ports: [Port]
    /// Limits of one instance.
    public var resources: Resources
    /// Writable places; everything else is read-only.
    public var mounts: [Mount]
    /// How its health is known; `nil` means that a running process is healthy.
    public var health: HealthCheck?
    /// How a new generation takes over.
    public var rollout: RolloutPolicy
    /// Workloads that must be healthy before this one is created.
    public var dependsOn: [Name]
    /// Secrets, each a file in the instance.
    public var secrets: [SecretFile] = []
    /// What only containers have.
    public var container = ContainerOptions()

    /// Makes a workload; nothing is checked here (DesiredState does that).
    public init(
        name: Name, labels: [String: String] = [:], runtime: Name, replicas: Int = 1, artifact: Artifact, command: [String],
        env: [String: String] = [:], ports: [Port] = [], resources: Resources = Resources(), mounts: [Mount] = [],
        health: HealthCheck? = nil, rollout: RolloutPolicy = RolloutPolicy(), dependsOn: [Name] = []
    ) {
        self.name = name
        self.labels = labels
        self.runtime = runtime
        self.replicas = replicas
        self.artifact = artifact
        self.command = command
        self.env = env
        self.ports = ports
        self.resources = resources
        self.mounts = mounts
        self.health = health
        self.rollout = rollout
        self.dependsOn = dependsOn
    }
}

/// What a workload's instances are made from; always content-addressed.
public enum Artifact: Hashable, Sendable, Codable {
    /// A folder of the repository: its path and its Git tree id.
    case tree(path: String, id: ObjectID)
    /// An archive (`.tar`, `.tar.gz`, `.tgz`, `.zip`) or single file from `url`, whose bytes have this SHA-256 (64 hex digits).
    case url(String, sha256: String)
    /// A container image by digest: `registry/app@sha256:…`.
    case image(String)
    /// Nothing but the programs of the host (`artifact` left out).
    case none

    /// The digest that names the content (tree id, SHA-256, image reference), empty for ``none``.
    public var digest: String {
        switch self {
        case .tree(_, let id): id.hex
        case .url(_, let sha256): sha256
        case .image(let reference): reference
        case .none: ""
        }
    }
}

/// A port of a workload.
public struct Port: Hashable, Sendable, Codable {
    /// How the edge treats the traffic.
    public enum Mode: String, Sendable, Codable, CaseIterable { case http, tcp }
    /// Unique in the workload.
    public var name: Name
    /// The stable port that traffic enters by, 1 to 65535; `nil` when nothing outside reaches it.
    public var expose: Int?
    /// `protocol:` in manifests.
    public var mode: Mode
    /// The port that the program listens on inside its container, 1 to 65535; `nil` = the runtime allots one.
    public var port: Int?
    /// Makes a port.
    public init(name: Name, expose: Int? = nil, mode: Mode = .http, port: Int? = nil) {
        (self.name, self.expose, self.mode, self.port) = (name, expose, mode, port)
    }

    /// The placeholder and environment variable for this port: `http-admin` → `PORT_HTTP_ADMIN`.
    public var variable: String { "PORT_" + name.rawValue.uppercased().replacing("-", with: "_") }
}

/// Limits of one instance; `nil` means none.
public struct Resources: Hashable, Sendable, Codable {
    /// CPU time.
    public var cpu: MilliCPU?
    /// Memory; an instance over it is ended by the kernel.
    public var memory: ByteCount?
    /// Processes and threads.
    public var pids: Int?
    /// Makes limits.
    public init(cpu: MilliCPU? = nil, memory: ByteCount? = nil, pids: Int? = nil) {
        (self.cpu, self.memory, self.pids) = (cpu, memory, pids)
    }
}

/// A writable place in an instance.
public struct Mount: Hashable, Sendable, Codable {
    /// Absolute path inside the instance, normalised.
    public var path: String
    /// A named volume of this workload that outlives instances; `nil` = a fresh folder for each instance, gone with it.
    public var volume: Name?
    /// In memory, at most of this size, gone with the instance; only without ``volume``.
    public var tmpfs: ByteCount?
    /// Makes a mount.
    public init(path: String, volume: Name? = nil, tmpfs: ByteCount? = nil) {
        (self.path, self.volume, self.tmpfs) = (path, volume, tmpfs)
    }
}
