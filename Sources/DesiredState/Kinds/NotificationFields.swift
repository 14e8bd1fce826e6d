internal import CurfewModel

/// One of `notifications`.
enum NotificationField: Int, FieldKey {
    case type, url, urlFile, secretFile, server, tls, from, to, credentials, events, severity, reminder

    static let shape = Shape(Self.self)
    static let required: [Self] = [.type]
    static let dependent: [(choice: Self, word: String, field: Self, required: Bool)] = [
        (.type, "webhook", .secretFile, true), (.type, "slack", .urlFile, true), (.type, "smtp", .server, true),
        (.type, "smtp", .from, true), (.type, "smtp", .to, true), (.type, "smtp", .tls, false),
        (.type, "smtp", .credentials, false), (.type, "alertmanager", .url, true), (.type, "webhook", .url, true),
    ]
    static let types = ["alertmanager", "webhook", "slack", "smtp"]
    static let severities = ["info", "warning", "critical"]
    static let protections = ["tls", "starttls", "none"]
    static let serverPattern = "^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:[0-9]{1,5}$"
    static let addressPattern = "^[A-Za-z0-9._+=][A-Za-z0-9._+=-]*@[A-Za-z0-9._+=-]+$"
    static let reminders = Span.seconds(60)...Span.seconds(86400)

    var form: Form {
        switch self {
        case .type: .choice(Self.types)
        case .url: .text(pattern: "^https?://[A-Za-z0-9\\[]", maximum: 2048)
        case .urlFile, .secretFile, .credentials: .text()
        case .server: .text(pattern: Self.serverPattern, maximum: 260)
        case .tls: .choice(Self.protections)
        case .from: .text(pattern: Self.addressPattern, maximum: 254)
        case .to: .list(.text(pattern: Self.addressPattern, maximum: 254), count: 1...32)
        case .events: .list(.text(pattern: "^[a-z][A-Za-z.-]*$", maximum: 64), count: 1...64)
        case .severity: .choice(Self.severities)
        case .reminder: .span(Self.reminders)
        }
    }
}
