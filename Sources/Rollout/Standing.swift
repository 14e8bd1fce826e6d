import CurfewModel

/// How one instance stands, whatever its generation; the first that applies.
enum Standing: Equatable {
    /// Wears our mark and is not ours.
    case foreign(String)
    case exited(Int32?)
    case tampered(String)
    /// Being made.
    case starting
    /// Runs, has not answered yet and gets no traffic.
    case unknown
    case unhealthy(String)
    /// Runs and is healthy. Also: nothing is known (the daemon has just started) but it gets traffic, so it was healthy;
    /// never replaced for want of knowledge.
    case ready

    init(_ instance: ObservedInstance, health: Health?, check: HealthCheck?, inTraffic: Bool) {
        if let why = instance.foreign {
            self = .foreign(why)
        } else if case .exited(let code) = instance.state {
            self = .exited(code)
        } else if let why = instance.tampered {
            self = .tampered(why)
        } else if instance.state == .starting {
            self = .starting
        } else if check == nil {
            self = .ready
        } else {
            switch health ?? .unknown {
            case .healthy: self = .ready
            case .unhealthy(let why): self = .unhealthy(why)
            case .unknown: self = inTraffic ? .ready : .unknown
            }
        }
    }

    /// Whether something of it may be running.
    var isAlive: Bool { if case .exited = self { false } else { true } }

    /// Whether it is, or may become, what was asked for.
    var isPromising: Bool { self == .ready || isPending }

    /// Whether it may still become ready.
    var isPending: Bool { self == .starting || self == .unknown }

    /// What is wrong with it, for people; hostile text escaped and bounded.
    var fault: String? {
        switch self {
        case .foreign(let why): "not ours: " + Standing.quoted(why)
        case .exited(let code?): "exited with \(code)"
        case .exited(nil): "exited, nobody saw how"
        case .tampered(let why): "tampered with: " + Standing.quoted(why)
        case .unhealthy(let why): "unhealthy: " + Standing.quoted(why)
        case .starting, .unknown, .ready: nil
        }
    }

    /// No control characters, at most `limit` scalars before escaping.
    static func quoted(_ text: String, limit: Int = 240) -> String {
        let head = text.unicodeScalars.prefix(limit + 1)
        if head.count <= limit { return String(String.UnicodeScalarView(head)).escapingControls }
        return String(String.UnicodeScalarView(head.prefix(limit))).escapingControls + "…"
    }
}

/// An instance with its standing.
struct Member: Equatable {
    let instance: ObservedInstance
    let standing: Standing
    var id: InstanceID { instance.id }

    /// Oldest first; ids decide between equals, so that equal inputs give equal decisions.
    static func older(_ left: Member, _ right: Member) -> Bool {
        (left.instance.createdAt, left.id) < (right.instance.createdAt, right.id)
    }
}
