/// What went wrong in the service itself.
public struct DaemonError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; open.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// Short, in lower camel case.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The state folder cannot be read or written.
        public static let storage = Code(rawValue: "storage")
        /// Another process owns the state folder.
        public static let locked = Code(rawValue: "locked")
        /// What was asked for does not exist.
        public static let notFound = Code(rawValue: "notFound")
        /// It cannot be done as asked.
        public static let refused = Code(rawValue: "refused")
    }
    /// What kind of failure.
    public var code: Code
    /// What was being done.
    public var operation: String
    /// About what.
    public var subject: String
    /// What went wrong and what to do.
    public var message: String
    /// Makes an error.
    public init(_ code: Code, operation: String, subject: String, _ message: String) {
        (self.code, self.operation, self.subject, self.message) = (code, operation, subject, message)
    }
    public var description: String { "\(operation) \(subject): \(message)" }
}
