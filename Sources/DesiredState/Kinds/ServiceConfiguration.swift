public import CurfewModel

/// The service's own configuration, `curfew.yaml`, validated; all paths of files in it are absolute.
public struct ServiceConfiguration: Sendable, Hashable {
    /// `repository`.
    public struct Repository: Sendable, Hashable {
        /// Where the repository is.
        public var url: String
        /// The branch that is followed.
        public var branch: String
        /// Other places of the same repository, tried in order.
        public var mirrors: [String]
        /// Longest time of one operation over the network (1 s to 1 h).
        public var timeout: Span
        /// Time between two looks at the remote (1 s to 24 h).
        public var interval: Span
        /// The most that one fetch may add (1Mi to 64Gi).
        public var maxFetch: ByteCount
        /// How the service shows who it is.
        public var credentials: Credentials

        /// Makes a repository with the documented defaults.
        public init(
            url: String, branch: String = "main", mirrors: [String] = [], timeout: Span = .seconds(60),
            interval: Span = .seconds(30), maxFetch: ByteCount = ByteCount(512 << 20),
            credentials: ServiceConfiguration.Credentials = .init()
        ) {
            self.url = url
            self.branch = branch
            self.mirrors = mirrors
            self.timeout = timeout
            self.interval = interval
            self.maxFetch = maxFetch
            self.credentials = credentials
        }
    }
    /// `repository.credentials`: paths of files, never secrets.
    public struct Credentials: Sendable, Hashable {
        /// Name of the account; `nil` = what the URL says or the protocol's default.
        public var username: String?
        /// File that holds a token or password.
        public var tokenFile: String?
        /// File that holds a private SSH key.
        public var sshKeyFile: String?
        /// File that holds the passphrase of the key.
        public var passphraseFile: String?
        /// known_hosts in OpenSSH's format.
        public var knownHostsFile: String?
        /// Certificates of authorities in PEM.
        public var caFile: String?
        /// Whether the token may go over plain http to another machine.
        public var allowInsecure = false
        /// No credentials.
        public init() {}
    }
    /// `trust.mode`; `forge` is not built.
    public enum TrustMode: String, Sendable, CaseIterable { case none, signed, forge }
    /// `identity`: who Curfew is in its own commits.
    public struct Identity: Sendable, Hashable {
        /// Name in commits.
        public var name: String
        /// E-mail address in commits.
        public var email: String
        /// File of the SSH key that signs commits; `nil` = unsigned.
        public var signingKey: String?

        /// Makes an identity with the documented defaults.
        public init(name: String = "Curfew", email: String = "curfew@localhost", signingKey: String? = nil) {
            self.name = name
            self.email = email
            self.signingKey = signingKey
        }
    }
    /// One of `runtimes`.
    public struct RuntimeConfiguration: Sendable, Hashable {
        /// What workloads call it.
        public var name: Name
        /// The driver: `local`, `docker` or `swarm`.
        public var type: String
        /// First port that it may give to instances.
        public var firstPort: Int
        /// Last port that it may give to instances.
        public var lastPort: Int
        /// The account that instances run under; `nil` = the driver's default.
        public var user: String?
        /// Largest artifact, unpacked.
        public var maxArtifact: ByteCount
        /// For `docker` and `swarm`: the engine or the managers.
        public var engine = EngineConfiguration()

        /// Makes a runtime with the documented defaults.
        public init(
            name: Name, type: String = "local", firstPort: Int = 20000, lastPort: Int = 29999, user: String? = nil,
            maxArtifact: ByteCount = ByteCount(1 << 30)
        ) {
            self.name = name
            self.type = type
            self.firstPort = firstPort
            self.lastPort = lastPort
            self.user = user
            self.maxArtifact = maxArtifact
        }
    }
    /// How a runtime gets to its engine.
    public struct EngineConfiguration: Sendable, Hashable {
        /// Files in PEM; absolute paths.
        public struct TLS: Sendable, Hashable {
            /// Certificates of the authorities.
            public var ca: String
            /// Our certificate.
            public var cert: String
            /// Its private key.
            public var key: String
            /// Names the files.
            public init(ca: String, cert: String, key: String) { (self.ca, self.cert, self.key) = (ca, cert, key) }
        }
        /// `unix:///…` or `tcp://…`; one for an engine, up to 16 managers of a swarm.
        public var endpoints: [String] = []
        /// Whether manifests may name images by tag.
        public var resolveTags = false
        /// For mutual TLS with `tcp://…`.
        public var tls: TLS?
        /// The image that folders of the repository are put on, by digest or id.
        public var base: String?
        /// A file of logins as `docker login` writes it.
        public var credentials: String?
        /// The literal address that ports are published on; `nil` = containers are reached at their own addresses.
        public var publishOn: String?
        /// No engine.
        public init() {}
    }
    /// `secrets`: where secrets of workloads come from; absolute paths.
    public struct SecretsConfiguration: Sendable, Hashable {
        /// The folder of the files that manifests name.
        public var folder: String?
        /// The `age` identity for encrypted files of the repository.
        public var identity: String?
        /// None.
        public init() {}
    }
    /// `recordings`: of sessions of `curfew exec`.
    public struct RecordingsConfiguration: Sendable, Hashable {
        /// Older ones are removed.
        public var keepFor = Span.seconds(90 * 86_400)
        /// Younger ones are never removed to make room: then no session is begun.
        public var keepAtLeast = Span.seconds(7 * 86_400)
        /// Most bytes of all together.
        public var maxSize = ByteCount(10 << 30)
        /// The documented defaults.
        public init() {}
    }
    /// `edge`.
    public struct EdgeConfiguration: Sendable, Hashable {
        /// The driver: `haproxy`.
        public var type: String
        /// The literal IP address that exposed ports are bound to.
        public var bind: String

        /// Makes an edge with the documented defaults.
        public init(type: String = "haproxy", bind: String = "127.0.0.1") { (self.type, self.bind) = (type, bind) }
    }

    /// One of `notifications`: somebody who is told.
    public struct NotificationConfiguration: Sendable, Hashable {
        /// Its name.
        public var name: Name
        /// `alertmanager`, `webhook`, `slack` or `smtp`.
        public var type: String
        /// For `alertmanager` and `webhook`.
        public var url: String?
        /// For `slack`: a file with the address.
        public var urlFile: String?
        /// For `webhook`: a file with the shared secret.
        public var secretFile: String?
        /// For `smtp`: `host:port`.
        public var server: String?
        /// For `smtp`: `tls`, `starttls` or `none`.
        public var protection = "starttls"
        /// For `smtp`: the sender.
        public var from = ""
        /// For `smtp`: who gets everything.
        public var to: [String] = []
        /// For `smtp`: a file in netrc's form.
        public var credentials: String?
        /// Beginnings of kinds; empty = all.
        public var events: [String] = []
        /// `info`, `warning` or `critical`: the least that is told.
        public var severity = "warning"
        /// How long before the end of a grant its holder is reminded; `nil` = not.
        public var reminder: Span?
        /// Makes one with the documented defaults.
        public init(name: Name, type: String) { (self.name, self.type) = (name, type) }
    }

    /// One of `access`.
    public struct BackendConfiguration: Sendable, Hashable {
        /// What roles call it.
        public var name: Name
        /// The driver: `ssh`, `sudo` or `docker-exec`.
        public var type: String
        /// Whether access that Curfew did not give is removed instead of reported.
        public var removesForeign: Bool
        /// The driver's own fields; paths are absolute.
        public var settings: [String: Setting]

        /// Makes a backend.
        public init(name: Name, type: String, removesForeign: Bool = false, settings: [String: Setting] = [:]) {
            (self.name, self.type, self.removesForeign, self.settings) = (name, type, removesForeign, settings)
        }
    }

    /// Where the desired state comes from.
    public var repository: Repository
    /// The folder that everything is kept in; absolute.
    public var state: String
    /// How commits are verified.
    public var trust: TrustMode
    /// The first commit that is trusted, with all below it; only with `signed`.
    public var trustRoot: ObjectID?
    /// Who may change `policies/` and seal; only with `signed`.
    public var trustOwners: [Name] = []
    /// Where grants are made real, by name.
    public var backends: [Name: BackendConfiguration] = [:]
    /// Who Curfew is in its own commits.
    public var identity: Identity
    /// Share of the instances that one revision may prune, 0 to 1.
    public var pruneLimit: Double
    /// How much YAML is read.
    public var limits: LoadLimits
    /// Time between two observations without an event (1 s to 10 m).
    public var observeInterval: Span
    /// The runtimes by name.
    public var runtimes: [Name: RuntimeConfiguration]
    /// The way that traffic takes.
    public var edge: EdgeConfiguration
    /// Where secrets come from.
    public var secrets = SecretsConfiguration()
    /// Who is told.
    public var notifications: [Name: NotificationConfiguration] = [:]
    /// Which bundles may use what.
    public var allow: [AllowRule] = []
    /// How long recordings are kept, and how many.
    public var recordings = RecordingsConfiguration()
    /// Where the HTTP API listens and who may ask it.
    public var api = APIConfiguration()

    // Nothing is checked by the initialisers: they are for composition in code and in tests. Files go through `load`.

    /// Makes a configuration with the documented defaults.
    public init(
        repository: Repository, state: String = "/var/lib/curfew", trust: TrustMode = .none, identity: Identity = .init(),
        pruneLimit: Double = 0.5, limits: LoadLimits = .init(), observeInterval: Span = .seconds(10),
        runtimes: [Name: RuntimeConfiguration] = Self.defaultRuntimes, edge: EdgeConfiguration = .init()
    ) {
        self.repository = repository
        self.state = state
        self.trust = trust
        self.identity = identity
        self.pruneLimit = pruneLimit
        self.limits = limits
        self.observeInterval = observeInterval
        self.runtimes = runtimes
        self.edge = edge
    }

    /// One local runtime called `local`.
    public static let defaultRuntimes: [Name: RuntimeConfiguration] = {
        let name = Name(literal: "local")
        return [name: RuntimeConfiguration(name: name)]
    }()
}

/// A configuration that cannot be used, with everything that is wrong in it.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// At least one error.
    public var diagnostics: [Diagnostic]
    /// Makes an error.
    public init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
    /// One line for each.
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
