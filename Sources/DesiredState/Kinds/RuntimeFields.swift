internal import CurfewModel

/// One of `runtimes`.
enum RuntimeField: Int, FieldKey {
    case type, ports, user, store, endpoints, tls, base, resolveTags, credentials, reach, publishOn

    static let shape = Shape(Self.self)
    static let required: [Self] = [.type]
    static let dependent: [(choice: Self, word: String, field: Self, required: Bool)] = [
        (.type, "local", .ports, false), (.type, "local", .user, false),
        (.type, "docker", .endpoints, true), (.type, "docker", .tls, false), (.type, "docker", .base, false),
        (.type, "docker", .resolveTags, false), (.type, "docker", .credentials, false),
        (.type, "docker", .reach, false), (.type, "docker", .publishOn, false),
        (.type, "swarm", .endpoints, true), (.type, "swarm", .tls, false), (.type, "swarm", .credentials, false),
    ]

    var form: Form {
        switch self {
        case .type: .choice(ConfigurationRules.runtimeTypes)
        case .ports: .ports
        case .user: .text(pattern: "^[A-Za-z_][A-Za-z0-9_.-]*$", maximum: 32)
        case .store: .record(StoreField.shape)
        case .endpoints: .list(.text(pattern: ConfigurationRules.endpoint, maximum: 256), count: ConfigurationRules.endpoints)
        case .tls: .record(RuntimeTLSField.shape)
        case .base: .text(pattern: ConfigurationRules.image, maximum: 512)
        case .resolveTags: .bool
        case .credentials: .text()
        case .reach: .choice(ConfigurationRules.reaches)
        case .publishOn: .text(maximum: 64)
        }
    }
}

/// `runtimes.<name>.store`.
enum StoreField: Int, FieldKey {
    case maxArtifact

    static let shape = Shape(Self.self)
    var form: Form { .bytes(ConfigurationRules.artifact) }
}

/// `runtimes.<name>.tls`.
enum RuntimeTLSField: Int, FieldKey {
    case ca, cert, key

    static let shape = Shape(Self.self)
    static let required: [Self] = [.ca, .cert, .key]
    var form: Form { .text() }
}

/// `secrets`.
enum SecretsField: Int, FieldKey {
    case folder, identity

    static let shape = Shape(Self.self)
    var form: Form { .text() }
}
