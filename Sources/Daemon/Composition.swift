public import CurfewDesiredState
import CurfewDrivers
import CurfewHAProxyEdge
import CurfewJournal
import CurfewLocalRuntime
public import CurfewModel
public import CurfewGitSource
import CurfewObservation

/// The only place that names concrete drivers.
public enum Composition {
    /// What each configured runtime can do on this machine.
    public static func capabilities(of configuration: ServiceConfiguration) -> [Name: RuntimeCapabilities] {
        configuration.runtimes.mapValues { _ in LocalRuntime.capabilities() }
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
                credentials: GitCredentials(
                    username: credentials.username, tokenFile: credentials.tokenFile, sshKeyFile: credentials.sshKeyFile,
                    passphraseFile: credentials.passphraseFile, knownHostsFile: credentials.knownHostsFile,
                    certificateAuthorityFile: credentials.caFile),
                identity: GitIdentity(
                    name: configuration.identity.name, email: configuration.identity.email,
                    signingKeyFile: configuration.identity.signingKey)),
            worker: [program, "git-worker"])
    }

    static func runtimes(
        of configuration: ServiceConfiguration, state: StateFolder, artifacts: any ArtifactSource
    ) throws -> [Name: LocalRuntime] {
        try configuration.runtimes.mapValues { runtime in
            try LocalRuntime(
                configuration: LocalRuntimeConfiguration(
                    name: runtime.name, folder: state.runtime(runtime.name), firstPort: runtime.firstPort,
                    lastPort: runtime.lastPort, user: runtime.user, maxArtifact: runtime.maxArtifact),
                artifacts: artifacts)
        }
    }

    static func edge(of configuration: ServiceConfiguration, state: StateFolder) -> HAProxyEdge {
        HAProxyEdge(configuration: HAProxyConfiguration(folder: state.edge, bind: configuration.edge.bind))
    }
}
