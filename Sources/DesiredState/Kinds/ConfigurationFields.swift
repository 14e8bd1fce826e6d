internal import CurfewModel

/// The ranges of the configuration's fields.
enum ConfigurationRules {
    static let timeout = Span.seconds(1)...Span.seconds(3600)
    static let poll = Span.seconds(1)...Span.seconds(86400)
    static let observe = Span.seconds(1)...Span.seconds(600)
    static let limit = 0.0...1.0
    static let fileSize = ByteCount(1024)...ByteCount(64 << 20)
    static let depth = 4...1000
    static let nodes = 100...1_000_000
    static let artifact = ByteCount(1 << 20)...ByteCount(1 << 40)
    static let mirrors = 0...16
    static let ports = "20000-29999"
    static let modes = ["none"]
    static let runtimeTypes = ["local"]
    static let edgeTypes = ["haproxy"]
}

/// The top level of `curfew.yaml`.
enum ConfigurationField: Int, FieldKey {
    case apiVersion, kind, repository, state, trust, identity, prune, limits, observe, runtimes, edge

    static let shape = Shape(Self.self)
    static let required: [Self] = [.apiVersion, .kind, .repository, .trust]

    var form: Form {
        switch self {
        case .apiVersion: .choice([EnvelopeField.version])
        case .kind: .choice(["Configuration"])
        case .repository: .record(RepositoryField.shape)
        case .state: .text()
        case .trust: .record(TrustField.shape)
        case .identity: .record(IdentityField.shape)
        case .prune: .record(PruneField.shape)
        case .limits: .record(LimitsField.shape)
        case .observe: .record(ObserveField.shape)
        case .runtimes:
            .map(key: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", value: .record(RuntimeField.shape), maximum: 64)
        case .edge: .record(EdgeField.shape)
        }
    }
}

/// `repository`.
enum RepositoryField: Int, FieldKey {
    case url, branch, mirrors, timeout, interval, credentials

    static let shape = Shape(Self.self)
    static let required: [Self] = [.url]

    var form: Form {
        switch self {
        case .url: .text(pattern: "^[^-]", maximum: 2048)
        case .branch: .text(pattern: "^[^-/]", maximum: 255)
        case .mirrors: .list(.text(pattern: "^[^-]", maximum: 2048), count: ConfigurationRules.mirrors)
        case .timeout: .span(ConfigurationRules.timeout)
        case .interval: .span(ConfigurationRules.poll)
        case .credentials: .record(CredentialsField.shape)
        }
    }
}

/// `repository.credentials`.
enum CredentialsField: Int, FieldKey {
    case username, tokenFile, sshKeyFile, passphraseFile, knownHostsFile, caFile

    static let shape = Shape(Self.self)
    var form: Form { .text() }
}

/// `trust`.
enum TrustField: Int, FieldKey {
    case mode

    static let shape = Shape(Self.self)
    static let required: [Self] = [.mode]
    var form: Form { .choice(ConfigurationRules.modes) }
}

/// `identity`.
enum IdentityField: Int, FieldKey {
    case name, email, signingKey

    static let shape = Shape(Self.self)
    var form: Form { self == .signingKey ? .text() : .text(pattern: "^[^<>]+$", maximum: 256) }
}

/// `prune`.
enum PruneField: Int, FieldKey {
    case limit

    static let shape = Shape(Self.self)
    var form: Form { .number(ConfigurationRules.limit) }
}

/// `limits`.
enum LimitsField: Int, FieldKey {
    case fileSize, depth, nodes

    static let shape = Shape(Self.self)

    var form: Form {
        switch self {
        case .fileSize: .bytes(ConfigurationRules.fileSize)
        case .depth: .integer(ConfigurationRules.depth)
        case .nodes: .integer(ConfigurationRules.nodes)
        }
    }
}

/// `observe`.
enum ObserveField: Int, FieldKey {
    case interval

    static let shape = Shape(Self.self)
    var form: Form { .span(ConfigurationRules.observe) }
}

/// One of `runtimes`.
enum RuntimeField: Int, FieldKey {
    case type, ports, user, store

    static let shape = Shape(Self.self)
    static let required: [Self] = [.type]

    var form: Form {
        switch self {
        case .type: .choice(ConfigurationRules.runtimeTypes)
        case .ports: .ports
        case .user: .text(pattern: "^[A-Za-z_][A-Za-z0-9_.-]*$", maximum: 32)
        case .store: .record(StoreField.shape)
        }
    }
}

/// `runtimes.<name>.store`.
enum StoreField: Int, FieldKey {
    case maxArtifact

    static let shape = Shape(Self.self)
    var form: Form { .bytes(ConfigurationRules.artifact) }
}

/// `edge`.
enum EdgeField: Int, FieldKey {
    case type, bind

    static let shape = Shape(Self.self)
    var form: Form { self == .type ? .choice(ConfigurationRules.edgeTypes) : .text(maximum: 64) }
}
