public import CurfewModel
import Foundation

/// The first word of the daemon.
public struct ExecHello: Codable, Sendable, Hashable {
    /// Of the protocol; a client that does not know it says so and leaves.
    public var version: Int
    /// 32 random bytes as 64 hexadecimal digits; what is signed begins with them.
    public var challenge: String
    /// The only version there is.
    public static let version = 1

    /// Makes a hello.
    public init(challenge: String, version: Int = Self.version) { (self.version, self.challenge) = (version, challenge) }
}

/// A terminal's size on the wire: 1 to 65535 each.
public struct ExecSize: Codable, Sendable, Hashable {
    /// Columns.
    public var columns: Int
    /// Rows.
    public var rows: Int
    /// Makes a size.
    public init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }
    /// Whether both can be a terminal's.
    public var isPossible: Bool { (1...65535).contains(columns) && (1...65535).contains(rows) }
}

/// You are in.
public struct ExecAccepted: Codable, Sendable, Hashable {
    /// The session's id and its recording's.
    public var recording: String
    /// Where it is.
    public var instance: InstanceID
    /// When it is cut.
    public var end: Instant
    /// Whether what is typed is recorded too.
    public var recordsInput: Bool
}

/// A line from Curfew to the person.
public struct ExecNotice: Codable, Sendable, Hashable {
    /// One line.
    public var text: String
}

/// It is over, or was never let begin.
public struct ExecEnd: Codable, Sendable, Hashable {
    /// What became of it: an open set.
    public struct Reason: RawRepresentable, Codable, Sendable, Hashable {
        /// Short, in lower camel case.
        public let rawValue: String
        /// Makes a reason.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// Refused: no access, or not this.
        public static let refused = Reason(rawValue: "refused")
        /// There is no such instance.
        public static let notFound = Reason(rawValue: "notFound")
        /// The engine could not begin the command.
        public static let notBegun = Reason(rawValue: "notBegun")
        /// The command has ended by itself.
        public static let exited = Reason(rawValue: "exited")
        /// Curfew has ended it.
        public static let cut = Reason(rawValue: "cut")
        /// The engine, or Curfew itself, has failed.
        public static let failed = Reason(rawValue: "failed")
    }
    /// What became of it.
    public var reason: Reason
    /// The command's exit code, when it is known.
    public var code: Int32?
    /// One line for the person; empty when there is nothing to say.
    public var message: String

    init(_ reason: Reason, code: Int32? = nil, _ message: String = "") {
        (self.reason, self.code, self.message) = (reason, code, message)
    }
}

extension ExecFrame {
    /// A frame of JSON.
    public init(_ kind: Kind, json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.init(kind, Array(try encoder.encode(value)))
    }

    /// The JSON in it.
    /// - Throws: ``ExecProtocolError``.
    public func json<Value: Decodable>(_ type: Value.Type) throws(ExecProtocolError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(payload))
        } catch { throw ExecProtocolError("a frame that is no \(type)") }
    }
}
