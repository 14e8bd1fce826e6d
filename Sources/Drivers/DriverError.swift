/// What went wrong in a driver, told for people. Never holds a secret.
public struct DriverError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; open, so that a driver can add its own.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// Short, in lower camel case.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The driver cannot do this at all.
        public static let unsupported = Code(rawValue: "unsupported")
        /// The other side does not answer; trying again may help.
        public static let unreachable = Code(rawValue: "unreachable")
        /// A program that is needed is missing.
        public static let missingProgram = Code(rawValue: "missingProgram")
        /// The artifact cannot be had or is not what it should be.
        public static let badArtifact = Code(rawValue: "badArtifact")
        /// There is no such instance in this runtime.
        public static let noInstance = Code(rawValue: "noInstance")
        /// A port is taken by somebody else.
        public static let portInUse = Code(rawValue: "portInUse")
        /// The disk is full or cannot be written.
        public static let storage = Code(rawValue: "storage")
        /// Anything else that failed.
        public static let failed = Code(rawValue: "failed")
    }
    /// What kind of failure.
    public var code: Code
    /// What was being done: `start instance`.
    public var operation: String
    /// About what: an instance id, a path, an address.
    public var subject: String
    /// What went wrong and what to do.
    public var message: String
    /// Makes an error.
    public init(_ code: Code, operation: String, subject: String, _ message: String) {
        (self.code, self.operation, self.subject, self.message) = (code, operation, subject, message)
    }
    public var description: String { "\(operation) \(subject): \(message)" }
}
