internal import CurfewModel

/// `health`.
enum HealthField: Int, FieldKey {
    case http, tcp, command, image, interval, timeout, startup, failures

    static let shape = Shape(Self.self)
    static let alternatives: [[Self]] = [[.http], [.tcp], [.command], [.image]]

    var form: Form {
        switch self {
        case .http: .record(HTTPProbeField.shape)
        case .tcp: .record(TCPProbeField.shape)
        case .command: .list(.text(maximum: WorkloadRules.word), count: WorkloadRules.words)
        case .image: .choice(["healthcheck"])
        case .interval: .span(WorkloadRules.interval)
        case .timeout: .span(WorkloadRules.timeout)
        case .startup: .span(WorkloadRules.startup)
        case .failures: .integer(WorkloadRules.failures)
        }
    }
}

/// `health.http`.
enum HTTPProbeField: Int, FieldKey {
    case port, path

    static let shape = Shape(Self.self)
    static let required: [Self] = [.port]

    var form: Form {
        switch self {
        case .port: .name
        case .path: .text(pattern: "^/", maximum: 2048)
        }
    }
}

/// `health.tcp`.
enum TCPProbeField: Int, FieldKey {
    case port

    static let shape = Shape(Self.self)
    static let required: [Self] = [.port]

    var form: Form { .name }
}

/// `rollout`.
enum RolloutField: Int, FieldKey {
    case strategy, surge, steps, deadline, drain, onFailure, keepWarm

    static let shape = Shape(Self.self)
    static let dependent: [(choice: Self, word: String, field: Self, required: Bool)] = [
        (.strategy, "rolling", .surge, false), (.strategy, "canary", .steps, true),
    ]
    static let strategies = ["blueGreen", "rolling", "canary", "recreate"]

    var form: Form {
        switch self {
        case .strategy: .choice(Self.strategies)
        case .surge: .integer(WorkloadRules.surge)
        case .steps: .list(.record(CanaryStepField.shape), count: WorkloadRules.steps)
        case .deadline: .span(WorkloadRules.deadline)
        case .drain: .span(WorkloadRules.drain)
        case .onFailure: .choice(RolloutPolicy.OnFailure.allCases.map(\.rawValue))
        case .keepWarm: .span(WorkloadRules.pause)
        }
    }
}

/// One of `rollout.steps`.
enum CanaryStepField: Int, FieldKey {
    case weight, pause

    static let shape = Shape(Self.self)
    static let required: [Self] = [.weight, .pause]

    var form: Form {
        switch self {
        case .weight: .integer(WorkloadRules.weight)
        case .pause: .span(WorkloadRules.pause)
        }
    }
}
