internal import CurfewModel

/// The ranges of a Workload's fields, for the decoder and the schema alike.
enum WorkloadRules {
    static let replicas = 0...1000
    static let words = 1...256
    static let entries = 256
    static let port = 1...65535
    static let ports = 0...64
    static let cpu = MilliCPU(1)...MilliCPU(1_024_000)
    static let memory = ByteCount(1 << 20)...ByteCount(1 << 44)
    static let pids = 1...4_194_304
    static let interval = Span.milliseconds(100)...Span.seconds(3600)
    static let timeout = Span.milliseconds(100)...Span.seconds(60)
    static let startup = Span.milliseconds(100)...Span.seconds(3600)
    static let failures = 1...100
    static let surge = 1...100
    static let steps = 1...20
    static let weight = 1...99
    static let pause = Span.zero...Span.seconds(86400)
    static let deadline = Span.seconds(1)...Span.seconds(86400)
    static let drain = Span.zero...Span.seconds(3600)
    static let environmentName = "^[A-Za-z_][A-Za-z0-9_]*$"
    static let word = 32768
    static let capability = "^[A-Z][A-Z_]{1,40}$"
    static let account = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?$"
    static let secretPath = "^/run/secrets/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"
}

/// `spec` of a Workload.
enum WorkloadField: Int, FieldKey {
    case runtime, replicas, artifact, command, env, ports, resources, mounts, health, rollout, dependsOn, secrets, container

    static let shape = Shape(Self.self)
    static let required: [Self] = [.runtime]

    var form: Form {
        switch self {
        case .runtime: .name
        case .replicas: .integer(WorkloadRules.replicas)
        case .artifact: .record(ArtifactField.shape)
        case .command: .list(.text(maximum: WorkloadRules.word), count: WorkloadRules.words)
        case .env:
            .map(
                key: WorkloadRules.environmentName, value: .text(maximum: WorkloadRules.word), maximum: WorkloadRules.entries)
        case .ports: .list(.record(PortField.shape), count: WorkloadRules.ports)
        case .resources: .record(ResourcesField.shape)
        case .mounts: .list(.record(MountField.shape), count: 0...WorkloadRules.entries)
        case .health: .record(HealthField.shape)
        case .rollout: .record(RolloutField.shape)
        case .dependsOn: .list(.name, count: 0...WorkloadRules.entries)
        case .secrets: .list(.record(SecretField.shape), count: 0...WorkloadRules.entries)
        case .container: .record(ContainerField.shape)
        }
    }
}

/// `artifact`.
enum ArtifactField: Int, FieldKey {
    case path, url, sha256, image

    static let shape = Shape(Self.self)
    static let alternatives: [[Self]] = [[.path], [.url, .sha256], [.image]]

    var form: Form {
        switch self {
        case .path: .text(pattern: "^[^/]")
        case .url: .text(pattern: "^https?://", maximum: 2048)
        case .sha256: .text(pattern: "^[0-9a-f]{64}$")
        case .image: .text(pattern: "^[a-z0-9][A-Za-z0-9._:/-]*(@sha256:[0-9a-f]{64})?$", maximum: 512)
        }
    }
}

/// One of `ports`.
enum PortField: Int, FieldKey {
    case name, expose, `protocol`, port

    static let shape = Shape(Self.self)
    static let required: [Self] = [.name]

    var form: Form {
        switch self {
        case .name: .name
        case .expose, .port: .integer(WorkloadRules.port)
        case .protocol: .choice(Port.Mode.allCases.map(\.rawValue))
        }
    }
}

/// `resources`.
enum ResourcesField: Int, FieldKey {
    case cpu, memory, pids

    static let shape = Shape(Self.self)

    var form: Form {
        switch self {
        case .cpu: .cpu(WorkloadRules.cpu)
        case .memory: .bytes(WorkloadRules.memory)
        case .pids: .integer(WorkloadRules.pids)
        }
    }
}

/// One of `mounts`.
enum MountField: Int, FieldKey {
    case path, volume, tmpfs

    static let shape = Shape(Self.self)
    static let required: [Self] = [.path]

    var form: Form {
        switch self {
        case .path: .text(pattern: "^/.*[^/]$")
        case .volume: .name
        case .tmpfs: .bytes(WorkloadRules.memory)
        }
    }
}
