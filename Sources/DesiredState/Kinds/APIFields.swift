/// `api`: where the HTTP API listens, and who may ask it.
enum APIField: Int, FieldKey {
    case listen, anonymous, hosts, tls, tokens, oidc, webhooks

    static let shape = Shape(Self.self)
    static let listenPattern = "^(off|unix|unix:/.+|[0-9.]{7,15}:[0-9]{1,5}|\\[[0-9a-fA-F:.]+\\]:[0-9]{1,5})$"
    static let hostPattern = "^[A-Za-z0-9\\[][A-Za-z0-9.:\\]-]*$"

    var form: Form {
        switch self {
        case .listen: .text(pattern: Self.listenPattern)
        case .anonymous: .choice(["none", "viewer"])
        case .hosts: .list(.text(pattern: Self.hostPattern, maximum: 260), count: 1...32)
        case .tls: .record(APITLSField.shape)
        case .tokens: .text()
        case .oidc: .record(OIDCField.shape)
        case .webhooks: .record(WebhooksField.shape)
        }
    }
}

/// `api.tls`.
enum APITLSField: Int, FieldKey {
    case cert, key

    static let shape = Shape(Self.self)
    static let required: [Self] = [.cert, .key]
    var form: Form { .text() }
}

/// `api.oidc`.
enum OIDCField: Int, FieldKey {
    case issuer, audience, groupsClaim, viewers, operators

    static let shape = Shape(Self.self)
    static let required: [Self] = [.issuer, .audience]
    static let issuerPattern = "^https://[^\\s?#]+$"
    static let wordPattern = "^[^\\u0000-\\u001f\\u007f]+$"
    static let groups = 1...64

    var form: Form {
        switch self {
        case .issuer: .text(pattern: Self.issuerPattern, maximum: 2048)
        case .audience, .groupsClaim: .text(pattern: Self.wordPattern, maximum: 256)
        case .viewers, .operators: .list(.text(pattern: Self.wordPattern, maximum: 256), count: Self.groups)
        }
    }
}

/// `api.webhooks`: for each forge the file of its secret.
enum WebhooksField: Int, FieldKey {
    case github, gitlab, gitea, generic

    static let shape = Shape(Self.self)
    var form: Form { .record(WebhookField.shape) }
}

/// One of `api.webhooks`.
enum WebhookField: Int, FieldKey {
    case secretFile

    static let shape = Shape(Self.self)
    static let required: [Self] = [.secretFile]
    var form: Form { .text() }
}
