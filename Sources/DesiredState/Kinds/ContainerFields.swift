internal import CurfewModel

/// `container`: what only containers have.
enum ContainerField: Int, FieldKey {
    case args, workingDir, user, networks, capabilities, writableRoot, placement

    static let shape = Shape(Self.self)

    var form: Form {
        switch self {
        case .args: .list(.text(maximum: WorkloadRules.word), count: WorkloadRules.words)
        case .workingDir: .text(pattern: "^/")
        case .user: .text(pattern: WorkloadRules.account, maximum: 65)
        case .networks: .list(.name, count: 0...WorkloadRules.entries)
        case .capabilities: .list(.text(pattern: WorkloadRules.capability, maximum: 42), count: 0...64)
        case .writableRoot: .bool
        case .placement: .list(.text(pattern: "^[A-Za-z][A-Za-z0-9._-]* ?(==|!=) ?[^ ]+$", maximum: 256), count: 0...32)
        }
    }
}

/// One of `secrets`.
enum SecretField: Int, FieldKey {
    case path, age, file

    static let shape = Shape(Self.self)
    static let required: [Self] = [.path]
    static let alternatives: [[Self]] = [[.age], [.file]]

    var form: Form {
        switch self {
        case .path: .text(pattern: WorkloadRules.secretPath, maximum: 141)
        case .age: .text(pattern: "^[^/].*$")
        case .file: .name
        }
    }
}
