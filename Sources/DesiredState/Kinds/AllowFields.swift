/// One of `allow`: what the bundles that it names may use.
enum AllowField: Int, FieldKey {
    case bundles, capabilities, secrets, networks, volumes, registries, ports, runtimes, downloads

    static let shape = Shape(Self.self)
    static let required: [Self] = [.bundles]
    static let rules = 0...256
    static let entries = 0...256
    static let pattern = "^[a-z0-9*-]{1,63}$"
    static let secret = "^(file|age):[^\\u0000-\\u001f\\u007f]+$"
    static let registry = "^[A-Za-z0-9*][A-Za-z0-9._:/*-]*$"
    static let port = "^[0-9]{1,5}(-[0-9]{1,5})?$"
    static let download = "^[A-Za-z0-9\\[][A-Za-z0-9._:\\]-]*$"

    var form: Form {
        switch self {
        case .bundles: .list(.text(pattern: Self.pattern, maximum: 63), count: 1...256)
        case .capabilities: .list(.text(pattern: WorkloadRules.capability, maximum: 42), count: Self.entries)
        case .secrets: .list(.text(pattern: Self.secret, maximum: 4096), count: Self.entries)
        case .networks, .volumes, .runtimes: .list(.text(pattern: Self.pattern, maximum: 63), count: Self.entries)
        case .registries: .list(.text(pattern: Self.registry, maximum: 512), count: Self.entries)
        case .ports: .list(.portOrRange, count: Self.entries)
        case .downloads: .list(.text(pattern: Self.download, maximum: 260), count: Self.entries)
        }
    }
}
