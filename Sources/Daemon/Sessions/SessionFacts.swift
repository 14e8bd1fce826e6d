import CurfewDrivers
import CurfewModel

/// What is known of a session from its beginning on.
struct SessionFacts: Sendable {
    /// Its own and its recording's: a file name.
    var id: String
    var grant: GrantID
    var person: Name
    var workload: Name
    var instance: InstanceID
    var command: [String]
    var terminal: TerminalSize?
    /// What the person's terminal is called.
    var term: String
    /// When it is cut.
    var end: Instant
    var recordsInput: Bool
    /// The account that the client runs as.
    var account: UInt32

    /// `20261123-183728-alice-1-3f2a91c0`: sorts by time, says whose it is, and is there once.
    static func newID(_ grant: GrantID, at now: Instant) -> String {
        let stamp = now.timestamp.filter { $0.isNumber || $0 == "T" }.replacing("T", with: "-")
        let random = String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        return "\(stamp)-\(grant.name)-\(random)"
    }

    /// The first line of the recording.
    func header(at now: Instant) -> CastText.Header {
        CastText.Header(
            columns: terminal?.columns ?? 80, rows: terminal?.rows ?? 24, at: now,
            title: "\(person) in \(workload) (\(instance)), grant \(grant.name)", term: term, shell: command.first ?? "")
    }
}

/// How a session ended.
enum SessionOutcome: Sendable {
    /// The command ended by itself.
    case exited
    /// Curfew cut it, and why.
    case cut(String)
    /// The client went away, or sent what is no frame.
    case left(String)
    /// The engine failed.
    case lost(String)
    /// The engine did not begin it at all.
    case notBegun(String)
    /// It could not be recorded any more.
    case unrecorded(String)

    /// For the journal, and for the evidence in Git.
    func told(code: Int32?) -> String {
        switch self {
        case .exited: code.map { "exited with code \($0)" } ?? "exited"
        case .cut(let why): "cut: \(why)"
        case .left(let why): why
        case .lost(let why): "engine lost: \(why)"
        case .notBegun(let why): "not begun: \(why)"
        case .unrecorded(let why): "cut: \(why)"
        }
    }

    /// The last frame to the person.
    func farewell(code: Int32?) -> ExecEnd {
        switch self {
        case .exited: ExecEnd(.exited, code: code)
        case .cut(let why): ExecEnd(.cut, "\(why); the session is cut")
        case .left(let why): ExecEnd(.failed, why)
        case .lost(let why): ExecEnd(.failed, "the engine is lost: \(why)")
        case .notBegun(let why): ExecEnd(.notBegun, "it could not be begun: \(why)")
        case .unrecorded(let why): ExecEnd(.cut, "\(why); the session is cut, since nothing goes on unrecorded")
        }
    }
}
