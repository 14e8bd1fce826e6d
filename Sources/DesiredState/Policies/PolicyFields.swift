internal import CurfewModel

/// The ranges of the fields of policies and grants, for the decoder and the schemas alike.
enum PolicyRules {
    static let duration = Span.seconds(1)...Span.seconds(30 * 86_400)
    static let entries = 0...256
    static let some = 1...256
    static let approvals = 0...16
    static let concurrent = 1...1000
    static let reason = 512
    static let windows = 1...16
    static let email =
        "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
    static let subject = "^(team:)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
    static let key = "^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$"
    static let opening = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
    static let closing = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
    static let glob = "^[^/]"
    static let line = "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$"
    static let account = "^[^-\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$"
    /// Bytes of one file of `grants/`.
    static let grantFile = 16_384
}

/// `spec` of a Person.
enum PersonField: Int, FieldKey {
    case emails, signingKeys, loginKeys, accounts

    static let shape = Shape(Self.self)
    static let required: [Self] = [.emails]
    var form: Form {
        switch self {
        case .emails: .list(.text(pattern: PolicyRules.email, maximum: 254), count: PolicyRules.some)
        case .signingKeys:
            .list(.either(.text(pattern: PolicyRules.key, maximum: 8192), KeyField.shape), count: PolicyRules.entries)
        case .loginKeys: .list(.text(pattern: PolicyRules.key, maximum: 8192), count: PolicyRules.entries)
        case .accounts: .map(key: "^[a-z][a-z0-9-]*$", value: .text(pattern: PolicyRules.account, maximum: 256), maximum: 64)
        }
    }
}

/// A signing key that does not count for ever.
enum KeyField: Int, FieldKey {
    case key, notBefore, notAfter

    static let shape = Shape(Self.self)
    static let required: [Self] = [.key]
    var form: Form { self == .key ? .text(pattern: PolicyRules.key, maximum: 8192) : .text(pattern: Timestamp.pattern) }
}

/// `spec` of a Team.
enum TeamField: Int, FieldKey {
    case members

    static let shape = Shape(Self.self)
    static let required: [Self] = [.members]
    var form: Form { .list(.text(pattern: PolicyRules.subject), count: PolicyRules.entries) }
}

/// `spec` of a Role.
enum RoleField: Int, FieldKey {
    case binds, touches, replace

    static let shape = Shape(Self.self)
    static let required: [Self] = [.binds]
    var form: Form {
        switch self {
        case .binds: .list(.record(BindField.shape), count: 1...16)
        case .touches: .list(.name, count: PolicyRules.entries)
        case .replace: .choice(Role.Replace.allCases.map(\.rawValue))
        }
    }
}

/// One of `binds`.
enum BindField: Int, FieldKey {
    case backend, with

    static let shape = Shape(Self.self)
    static let required: [Self] = [.backend]
    var form: Form { self == .backend ? .name : .map(key: "^[a-z][A-Za-z0-9]*$", value: .setting, maximum: 64) }
}

/// `approvals`.
enum QuorumField: Int, FieldKey {
    case count, from, validFor

    static let shape = Shape(Self.self)
    static let required: [Self] = [.count]
    var form: Form {
        switch self {
        case .count: .integer(PolicyRules.approvals)
        case .from: .list(.text(pattern: PolicyRules.subject), count: PolicyRules.entries)
        case .validFor: .span(PolicyRules.duration)
        }
    }
}

/// `window`.
enum WindowField: Int, FieldKey {
    case days, from, to, zone

    static let shape = Shape(Self.self)
    var form: Form {
        switch self {
        case .days: .list(.choice(TimeWindow.Day.allCases.map(\.rawValue)), count: 1...7)
        case .from: .text(pattern: PolicyRules.opening)
        case .to: .text(pattern: PolicyRules.closing)
        case .zone: .text(pattern: "^[A-Za-z]", maximum: 64)
        }
    }
}

/// `reason`.
enum ReasonField: Int, FieldKey {
    case pattern

    static let shape = Shape(Self.self)
    static let required: [Self] = [.pattern]
    var form: Form { .text(maximum: 512) }
}

/// `breakGlass` of an AccessPolicy.
enum BreakGlassField: Int, FieldKey {
    case maxDuration, reviewWithin

    static let shape = Shape(Self.self)
    static let required: [Self] = [.maxDuration, .reviewWithin]
    var form: Form { .span(PolicyRules.duration) }
}

/// `spec` of an AccessPolicy.
enum AccessPolicyField: Int, FieldKey {
    case roles, eligible, maxDuration, maxConcurrent, reason, approvals, window, breakGlass, requireSelfExpiry

    static let shape = Shape(Self.self)
    static let required: [Self] = [.roles, .eligible, .maxDuration]
    var form: Form {
        switch self {
        case .roles: .list(.name, count: PolicyRules.some)
        case .eligible: .list(.text(pattern: PolicyRules.subject), count: PolicyRules.some)
        case .maxDuration: .span(PolicyRules.duration)
        case .maxConcurrent: .integer(PolicyRules.concurrent)
        case .reason: .record(ReasonField.shape)
        case .approvals: .record(QuorumField.shape)
        case .window: .either(.list(.record(WindowField.shape), count: PolicyRules.windows), WindowField.shape)
        case .breakGlass: .record(BreakGlassField.shape)
        case .requireSelfExpiry: .bool
        }
    }
}

/// `spec` of a ChangePolicy.
enum ChangePolicyField: Int, FieldKey {
    case paths, authors, approvals, freezes, window

    static let shape = Shape(Self.self)
    static let required: [Self] = [.paths, .authors]
    var form: Form {
        switch self {
        case .paths: .list(.text(pattern: PolicyRules.glob, maximum: 512), count: PolicyRules.some)
        case .authors: .list(.text(pattern: PolicyRules.subject), count: PolicyRules.some)
        case .approvals: .record(QuorumField.shape)
        case .freezes: .list(.record(FreezeField.shape), count: PolicyRules.entries)
        case .window: .either(.list(.record(WindowField.shape), count: PolicyRules.windows), WindowField.shape)
        }
    }
}

/// One of `freezes`.
enum FreezeField: Int, FieldKey {
    case from, to, reason

    static let shape = Shape(Self.self)
    static let required: [Self] = [.from, .to, .reason]
    var form: Form {
        self == .reason ? .text(pattern: PolicyRules.line, maximum: PolicyRules.reason) : .text(pattern: Timestamp.pattern)
    }
}

/// `spec` of a Grant.
enum GrantField: Int, FieldKey {
    case person, role, duration, reason, notBefore, breakGlass

    static let shape = Shape(Self.self)
    static let required: [Self] = [.person, .role, .duration, .reason]
    var form: Form {
        switch self {
        case .person, .role: .name
        case .duration: .span(PolicyRules.duration)
        case .reason: .text(pattern: PolicyRules.line, maximum: PolicyRules.reason)
        case .notBefore: .text(pattern: Timestamp.pattern)
        case .breakGlass: .bool
        }
    }
}
