/// What went wrong with an engine. Never holds a credential.
public struct DockerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; open.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// Short, in lower camel case.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// Nobody answers, or the connection broke.
        public static let unreachable = Code(rawValue: "unreachable")
        /// No answer within the deadline.
        public static let timedOut = Code(rawValue: "timedOut")
        /// The answer is larger than allowed.
        public static let tooLarge = Code(rawValue: "tooLarge")
        /// The answer is not what the API says.
        public static let badAnswer = Code(rawValue: "badAnswer")
        /// The engine speaks no version that we do.
        public static let version = Code(rawValue: "version")
        /// The engine refused: see ``DockerError/status``.
        public static let refused = Code(rawValue: "refused")
    }
    /// What kind of failure.
    public var code: Code
    /// Method and path, or what was done.
    public var operation: String
    /// The HTTP status where there was one.
    public var status: Int?
    /// The engine's own words, or ours; at most 1000 bytes, no control characters.
    public var message: String

    /// Makes an error; the message is bounded and cleaned.
    public init(_ code: Code, _ operation: String, status: Int? = nil, _ message: String) {
        (self.code, self.operation, self.status) = (code, operation, status)
        self.message = Self.clean(message)
    }

    /// Something that is not there.
    public var isNotFound: Bool { status == 404 }
    /// In the way: a name that is taken, a container that runs, a change under our hands.
    public var isConflict: Bool { status == 409 }
    /// It was so already.
    public var isNotModified: Bool { status == 304 }

    public var description: String { "\(operation): \(message)\(status.map { " (HTTP \($0))" } ?? "")" }

    /// Without control characters, at most 1000 bytes.
    static func clean(_ text: String) -> String {
        let plain = text.unicodeScalars.prefix(1000).map {
            $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? " " : String($0)
        }
        return plain.joined()
    }
}
