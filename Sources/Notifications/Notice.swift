public import CurfewModel

/// How much somebody has to hurry.
public enum Severity: String, Sendable, Codable, CaseIterable, Comparable {
    /// Good to know.
    case info
    /// To be looked at today.
    case warning
    /// To be looked at now.
    case critical

    public static func < (left: Severity, right: Severity) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// One thing that people outside are told.
public struct Notice: Sendable, Hashable, Codable {
    /// What is told of it.
    public enum State: String, Sendable, Codable {
        /// It happened, and that is all.
        case event
        /// It goes on.
        case firing
        /// It is over.
        case resolved
    }
    /// The same for everything that is told of the same thing: who gets it twice can see that.
    public var id: String
    /// `entry.alert`, `source.unreachable`, …: as in the journal.
    public var kind: String
    /// How much to hurry.
    public var severity: Severity
    /// What is told of it.
    public var state: State
    /// One line for people. No secret; hostile text is escaped.
    public var message: String
    /// The workload that it is about, if it is about one.
    public var workload: Name?
    /// The person that it is for, if it is for one.
    public var person: Name?
    /// Evidence by name, no secret.
    public var details: [String: String]
    /// When it happened, or began.
    public var at: Instant
    /// When it was over.
    public var until: Instant?

    /// Makes a notice.
    public init(
        id: String, kind: String, severity: Severity, state: State = .event, message: String, workload: Name? = nil,
        person: Name? = nil, details: [String: String] = [:], at: Instant, until: Instant? = nil
    ) {
        (self.id, self.kind, self.severity, self.state, self.message) = (id, kind, severity, state, message)
        (self.workload, self.person, self.details, self.at, self.until) = (workload, person, details, at, until)
    }
}

/// Somebody who is told.
public protocol Notifier: Sendable {
    /// Tells it. Returns once the other side has taken it.
    /// - Throws: ``NotificationError``.
    func send(_ notice: Notice) async throws
    /// Whether what goes on has to be told again and again, since silence means that it is over.
    var forgets: Bool { get }
    /// Lets go of connections.
    func shutdown() async
}

/// Why somebody could not be told. Never holds an address with a secret in it, or a secret.
public struct NotificationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for people.
    public var message: String
    /// Whether the same will never be taken: it is not tried again.
    public var isFinal: Bool
    public var description: String { message }

    /// Makes an error.
    public init(_ message: String, isFinal: Bool = false) { (self.message, self.isFinal) = (message, isFinal) }
}
