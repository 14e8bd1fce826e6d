public import CurfewContainers
public import CurfewDockerAPI
public import CurfewModel

/// How a Docker runtime is set up.
public struct DockerRuntimeConfiguration: Sendable {
    /// How the edge gets to an instance's ports.
    public enum Reach: Sendable, Hashable {
        /// At the container's own address: the engine has to run on this machine.
        case address
        /// At ports that the engine publishes on this literal address, and that we reach there.
        case published(on: String)
    }
    /// The runtime's name in the service's configuration.
    public var name: Name
    /// Absolute path of a folder that belongs to this runtime alone.
    public var folder: String
    /// The engine.
    public var endpoint: DockerEndpoint
    /// The image that folders of the repository are put on, by digest or id; `nil` = only images are run.
    public var base: String?
    /// Whether manifests may name images by tag.
    public var resolveTags = false
    /// A file as `docker login` writes it.
    public var credentials: String?
    /// How instances are reached.
    public var reach: Reach
    /// Largest folder of the repository.
    public var maxArtifact: ByteCount
    /// Where secrets come from.
    public var secrets: SecretSettings
    /// Files of one instance that are looked through for changes at each observation, beside those that gave cause.
    public var audits = 1

    /// Makes a configuration with the documented defaults.
    public init(
        name: Name, folder: String, endpoint: DockerEndpoint, base: String? = nil,
        credentials: String? = nil, reach: Reach = .address, maxArtifact: ByteCount = ByteCount(1 << 30),
        secrets: SecretSettings = SecretSettings()
    ) {
        (self.name, self.folder, self.endpoint, self.base) = (name, folder, endpoint, base)
        (self.credentials, self.reach) = (credentials, reach)
        (self.maxArtifact, self.secrets) = (maxArtifact, secrets)
    }
}
