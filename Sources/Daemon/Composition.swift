public import CurfewDesiredState
import CurfewContainers
import CurfewDockerAPI
import CurfewDockerRuntime
import CurfewDrivers
import CurfewHAProxyEdge
import CurfewJournal
import CurfewLocalRuntime
public import CurfewModel
public import CurfewGitSource
import CurfewObservation
import CurfewSwarmRuntime

/// The only place that names concrete drivers.
public enum Composition {
    /// What each configured runtime can do on this machine.
    public static func capabilities(of configuration: ServiceConfiguration) -> [Name: RuntimeCapabilities] {
        configuration.runtimes.mapValues { runtime in
            switch runtime.type {
            case "docker": DockerRuntime.capabilities(of: docker(runtime, configuration))
            case "swarm": SwarmRuntime.capabilities
            default: LocalRuntime.capabilities()
            }
        }
    }

    /// What a service with the default configuration can do on this machine.
    public static var defaultCapabilities: [Name: RuntimeCapabilities] { [Name(literal: "local"): LocalRuntime.capabilities()] }

    /// The mirror of a configuration's repository. `program` is this program: network Git runs in a child of it.
    public static func mirror(of configuration: ServiceConfiguration, program: String) -> Mirror {
        let repository = configuration.repository
        let credentials = repository.credentials
        return Mirror(
            path: StateFolder(path: configuration.state).mirror,
            location: RepositoryLocation(
                url: repository.url, mirrors: repository.mirrors, branch: repository.branch, timeout: repository.timeout,
                longestFetch: repository.maxFetch,
                credentials: GitCredentials(
                    username: credentials.username, tokenFile: credentials.tokenFile, sshKeyFile: credentials.sshKeyFile,
                    passphraseFile: credentials.passphraseFile, knownHostsFile: credentials.knownHostsFile,
                    certificateAuthorityFile: credentials.caFile, allowsInsecure: credentials.allowInsecure),
                identity: GitIdentity(
                    name: configuration.identity.name, email: configuration.identity.email,
                    signingKeyFile: configuration.identity.signingKey)),
            worker: [program, "git-worker"])
    }

    /// What is said of a token that may go over the network for everybody to read; empty = there is none.
    static func insecureTokens(of configuration: ServiceConfiguration) -> [String] {
        let repository = configuration.repository
        guard repository.credentials.tokenFile != nil, repository.credentials.allowInsecure else { return [] }
        return ([repository.url] + repository.mirrors).contains(where: RepositoryLocation.sendsInTheClear)
            ? ["the Git token goes over plain http, for everybody on the way to read; use https://"] : []
    }

    static func runtimes(
        of configuration: ServiceConfiguration, state: StateFolder, artifacts: any ArtifactSource
    ) throws -> [Name: any Runtime] {
        try configuration.runtimes.mapValues { runtime in
            switch runtime.type {
            case "docker": try DockerRuntime(configuration: docker(runtime, configuration), artifacts: artifacts)
            case "swarm": try SwarmRuntime(configuration: swarm(runtime, configuration), artifacts: artifacts)
            default:
                try LocalRuntime(configuration: local(runtime, configuration, state), artifacts: artifacts)
            }
        }
    }

    private static func local(
        _ runtime: ServiceConfiguration.RuntimeConfiguration, _ configuration: ServiceConfiguration, _ state: StateFolder
    ) -> LocalRuntimeConfiguration {
        var settings = LocalRuntimeConfiguration(
            name: runtime.name, folder: state.runtime(runtime.name), firstPort: runtime.firstPort, lastPort: runtime.lastPort,
            user: runtime.user, maxArtifact: runtime.maxArtifact)
        let permissions = configuration.permissions
        settings.downloads = { permissions.downloads(of: $0) }
        return settings
    }

    private static func docker(
        _ runtime: ServiceConfiguration.RuntimeConfiguration, _ configuration: ServiceConfiguration
    ) -> DockerRuntimeConfiguration {
        let engine = runtime.engine
        var settings = DockerRuntimeConfiguration(
            name: runtime.name, folder: StateFolder(path: configuration.state).runtime(runtime.name),
            endpoint: endpoints(of: engine).first ?? DockerEndpoint(address: .unix(path: "/var/run/docker.sock")))
        (settings.base, settings.credentials, settings.resolveTags) = (engine.base, engine.credentials, engine.resolveTags)
        if let address = engine.publishOn { settings.reach = .published(on: address) }
        settings.maxArtifact = runtime.maxArtifact
        settings.secrets = SecretSettings(folder: configuration.secrets.folder, identity: configuration.secrets.identity)
        return settings
    }

    static func swarm(
        _ runtime: ServiceConfiguration.RuntimeConfiguration, _ configuration: ServiceConfiguration
    ) -> SwarmRuntimeConfiguration {
        SwarmRuntimeConfiguration(
            name: runtime.name, folder: StateFolder(path: configuration.state).runtime(runtime.name),
            endpoints: endpoints(of: runtime.engine), credentials: runtime.engine.credentials,
            secrets: SecretSettings(folder: configuration.secrets.folder, identity: configuration.secrets.identity))
    }

    static func endpoints(of engine: ServiceConfiguration.EngineConfiguration) -> [DockerEndpoint] {
        let tls = engine.tls.map { DockerEndpoint.TLSFiles(authority: $0.ca, certificate: $0.cert, key: $0.key) }
        return engine.endpoints.compactMap { DockerEndpoint($0, tls: $0.hasPrefix("tcp:") ? tls : nil) }
    }

    static func edge(of configuration: ServiceConfiguration, state: StateFolder) -> HAProxyEdge {
        HAProxyEdge(configuration: HAProxyConfiguration(folder: state.edge, bind: configuration.edge.bind))
    }
}
