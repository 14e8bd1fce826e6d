public import CurfewContainers
public import CurfewDockerAPI
public import CurfewModel

/// How a Swarm runtime is set up.
public struct SwarmRuntimeConfiguration: Sendable {
    /// The runtime's name in the service's configuration.
    public var name: Name
    /// Absolute path of a folder that belongs to this runtime alone.
    public var folder: String
    /// Managers of one swarm, at least one; they are tried in this order.
    public var endpoints: [DockerEndpoint]
    /// A file as `docker login` writes it.
    public var credentials: String?
    /// Where secrets come from.
    public var secrets: SecretSettings
    /// Time between two looks at the tasks: a swarm tells nobody when one ends.
    public var poll = Duration.seconds(1)
    /// How long a start waits for its task to run; one that takes longer goes on by itself.
    public var patience = Duration.seconds(20)
    /// Longest time of an ordinary call to one manager; then the next one is asked.
    public var timeout = Duration.seconds(15)

    /// Makes a configuration with the documented defaults.
    public init(
        name: Name, folder: String, endpoints: [DockerEndpoint], credentials: String? = nil,
        secrets: SecretSettings = SecretSettings()
    ) {
        (self.name, self.folder, self.endpoints) = (name, folder, endpoints)
        (self.credentials, self.secrets) = (credentials, secrets)
    }
}
