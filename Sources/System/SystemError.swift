import Glibc

/// What the operating system refused or a program did wrong, told for people. Never holds a secret: what a program wrote is
/// in its result, not in here.
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; open.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// Short, in lower camel case.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// A program is not there or cannot be run.
        public static let missingProgram = Code(rawValue: "missingProgram")
        /// A program did not end in time and was killed.
        public static let timedOut = Code(rawValue: "timedOut")
        /// A file or an output is larger than it may be.
        public static let tooLarge = Code(rawValue: "tooLarge")
        /// What is at a path is no plain file, or not Curfew's own.
        public static let unmanaged = Code(rawValue: "unmanaged")
        /// The disk is full or cannot be read or written.
        public static let storage = Code(rawValue: "storage")
    }
    /// What kind of failure.
    public var code: Code
    /// What was being done: `write`, `run`.
    public var operation: String
    /// About what: a path, a program.
    public var subject: String
    /// What went wrong and what to do.
    public var message: String
    /// The system's error number; 0 when it said nothing.
    public var number: Int32
    /// Makes an error.
    public init(_ code: Code, operation: String, subject: String, _ message: String, number: Int32 = 0) {
        (self.code, self.operation, self.subject, self.message, self.number) = (code, operation, subject, message, number)
    }
    /// Makes an error of a system call that has just failed.
    static func last(_ operation: String, _ subject: String, _ number: Int32 = errno) -> SystemError {
        SystemError(.storage, operation: operation, subject: subject, String(cString: strerror(number)), number: number)
    }
    public var description: String { "\(operation) \(subject): \(message)" }
}
