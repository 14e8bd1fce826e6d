internal import CurfewModel

/// The ranges of the configuration's fields.
enum ConfigurationRules {
    static let timeout = Span.seconds(1)...Span.seconds(3600)
    static let fetch = ByteCount(1 << 20)...ByteCount(64 << 30)
    static let poll = Span.seconds(1)...Span.seconds(86400)
    static let observe = Span.seconds(1)...Span.seconds(600)
    static let limit = 0.0...1.0
    static let fileSize = ByteCount(1024)...ByteCount(64 << 20)
    static let depth = 4...1000
    static let nodes = 100...1_000_000
    static let artifact = ByteCount(1 << 20)...ByteCount(1 << 40)
    static let mirrors = 0...16
    static let ports = "20000-29999"
    static let modes = ["none", "signed"]
    static let owners = 1...64
    static let backendTypes = ["sudo", "ssh", "docker-exec"]
    static let foreign = ["report", "remove"]
    static let runtimeTypes = ["local", "docker", "swarm"]
    static let endpoints = 1...16
    static let reaches = ["address", "published"]
    static let endpoint = "^(unix:///.+|tcp://[A-Za-z0-9\\[].*:[0-9]+)$"
    static let image = "^([a-z0-9][A-Za-z0-9._:/-]*@)?sha256:[0-9a-f]{64}$"
    static let edgeTypes = ["haproxy"]
}

/// The top level of `curfew.yaml`.
enum ConfigurationField: Int, FieldKey {
    case apiVersion, kind, repository, state, trust, identity, prune, limits, observe, runtimes, edge, access, secrets,
        notifications, api, recordings, allow

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
        case .secrets: .record(SecretsField.shape)
        case .api: .record(APIField.shape)
        case .recordings: .record(RecordingsField.shape)
        case .runtimes:
            .map(key: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", value: .record(RuntimeField.shape), maximum: 64)
        case .edge: .record(EdgeField.shape)
        case .allow: .list(.record(AllowField.shape), count: AllowField.rules)
        case .notifications:
            .map(key: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", value: .record(NotificationField.shape), maximum: 16)
        case .access:
            .map(key: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", value: .record(BackendField.shape), maximum: 64)
        }
    }
}

/// `repository`.
enum RepositoryField: Int, FieldKey {
    case url, branch, mirrors, timeout, interval, maxFetch, credentials

    static let shape = Shape(Self.self)
    static let required: [Self] = [.url]

    var form: Form {
        switch self {
        case .url: .text(pattern: "^[^-]", maximum: 2048)
        case .branch: .text(pattern: "^[^-/]", maximum: 255)
        case .mirrors: .list(.text(pattern: "^[^-]", maximum: 2048), count: ConfigurationRules.mirrors)
        case .timeout: .span(ConfigurationRules.timeout)
        case .interval: .span(ConfigurationRules.poll)
        case .maxFetch: .bytes(ConfigurationRules.fetch)
        case .credentials: .record(CredentialsField.shape)
        }
    }
}

/// `repository.credentials`.
enum CredentialsField: Int, FieldKey {
    case username, tokenFile, sshKeyFile, passphraseFile, knownHostsFile, caFile, allowInsecure

    static let shape = Shape(Self.self)
    var form: Form { self == .allowInsecure ? .bool : .text() }
}

/// `trust`.
enum TrustField: Int, FieldKey {
    case mode, root, owners

    static let shape = Shape(Self.self)
    // Without a mode it is `signed`.
    static let ordinary: [(choice: Self, word: String)] = [(.mode, "signed")]
    static let dependent: [(choice: Self, word: String, field: Self, required: Bool)] = [
        (.mode, "signed", .root, true), (.mode, "signed", .owners, true),
    ]
    var form: Form {
        switch self {
        case .mode: .choice(ConfigurationRules.modes)
        case .root: .text(pattern: "^[0-9a-f]{40}$")
        case .owners: .list(.name, count: ConfigurationRules.owners)
        }
    }
}

/// One of `access`: where grants are made real.
enum BackendField: Int, FieldKey {
    case type, foreign, ca, agent, krl, principals, authLog, cutSessions, hook, host, publish, folder, log, hosts, prefix
    case runtime, recordInput, signTimeout

    static let shape = Shape(Self.self)
    static let required: [Self] = [.type]
    static let dependent: [(choice: Self, word: String, field: Self, required: Bool)] = [
        (.type, "ssh", .ca, true), (.type, "ssh", .agent, false), (.type, "ssh", .krl, false),
        (.type, "ssh", .principals, false),
        (.type, "ssh", .authLog, false), (.type, "ssh", .cutSessions, false), (.type, "ssh", .hook, false),
        (.type, "ssh", .signTimeout, false), (.type, "ssh", .host, false), (.type, "ssh", .publish, false),
        (.type, "sudo", .folder, false),
        (.type, "sudo", .log, false),
        (.type, "sudo", .hosts, false), (.type, "sudo", .prefix, false),
        (.type, "docker-exec", .runtime, true), (.type, "docker-exec", .recordInput, false),
    ]
    var form: Form {
        switch self {
        case .type: .choice(ConfigurationRules.backendTypes)
        case .foreign: .choice(ConfigurationRules.foreign)
        case .ca, .agent, .krl, .principals, .authLog, .folder, .log: .text(pattern: "^[^\\u0000-\\u001f\\u007f]+$")
        case .cutSessions, .publish, .recordInput: .bool
        case .runtime: .name
        case .signTimeout: .span(ConfigurationRules.timeout)
        case .hook: .list(.text(pattern: "^[^\\u0000-\\u001f\\u007f]+$"), count: 1...32)
        case .host: .text(pattern: "^[A-Za-z0-9\\[][A-Za-z0-9.:@%_\\[\\]-]*$", maximum: 256)
        case .hosts: .list(.text(pattern: "^[A-Za-z0-9][A-Za-z0-9.-]*$", maximum: 253), count: 1...64)
        case .prefix: .text(pattern: "^[a-z][a-z0-9-]{0,31}$")
        }
    }
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

/// `recordings`: of sessions of `curfew exec`.
enum RecordingsField: Int, FieldKey {
    case keepFor, keepAtLeast, maxSize

    static let shape = Shape(Self.self)
    static let times = Span.seconds(0)...Span.seconds(20 * 365 * 86_400)
    static let sizes = ByteCount(1 << 20)...ByteCount(1 << 50)

    var form: Form {
        switch self {
        case .keepFor, .keepAtLeast: .span(Self.times)
        case .maxSize: .bytes(Self.sizes)
        }
    }
}

/// `edge`.
enum EdgeField: Int, FieldKey {
    case type, bind

    static let shape = Shape(Self.self)
    var form: Form { self == .type ? .choice(ConfigurationRules.edgeTypes) : .text(maximum: 64) }
}
