internal import GRDB

/// What went wrong in the journal, told for people. Never holds a secret or a stored value.
public struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; open.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// Short, in lower camel case.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The disk is full, read-only or failing. What was asked was not done; trying again later may help.
        public static let storage = Code(rawValue: "storage")
        /// The file is not a journal or is corrupt. `Journal.reopenIfReplaced()` moves it aside and begins anew.
        public static let damaged = Code(rawValue: "damaged")
        /// The file was written by a newer Curfew; it is left alone.
        public static let newer = Code(rawValue: "newer")
        /// There is no journal at this path (readers only; the journal itself begins one).
        public static let missing = Code(rawValue: "missing")
        /// What was to be stored is malformed.
        public static let invalid = Code(rawValue: "invalid")
        /// Another process holds the journal for longer than five seconds.
        public static let busy = Code(rawValue: "busy")
        /// Anything else that failed.
        public static let failed = Code(rawValue: "failed")
    }
    /// What kind of failure.
    public var code: Code
    /// What was being done: `append`.
    public var operation: String
    /// About what: the path of the journal, or the kind of an event.
    public var subject: String
    /// What went wrong and what to do.
    public var message: String
    /// Makes an error.
    public init(_ code: Code, operation: String, subject: String, _ message: String) {
        (self.code, self.operation, self.subject, self.message) = (code, operation, subject, message)
    }
    public var description: String { "\(operation) \(subject): \(message)" }
}

extension JournalError {
    /// Runs `body` and tells whatever it throws in this module's terms.
    static func wrapping<Result>(_ operation: String, _ subject: String, _ body: () throws -> Result) throws(JournalError)
        -> Result
    {
        do {
            return try body()
        } catch let error as JournalError {
            throw error
        } catch let error as DatabaseError {
            throw JournalError(error, operation: operation, subject: subject)
        } catch {
            // Only the type: GRDB's decoding errors quote rows.
            throw JournalError(.failed, operation: operation, subject: subject, "failed (\(type(of: error)))")
        }
    }

    /// Tells an SQLite error; its own text names tables at most, never values.
    init(_ error: DatabaseError, operation: String, subject: String) {
        let text = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        let (code, advice): (Code, String) =
            switch error.resultCode {
            case .SQLITE_FULL: (.storage, "free space on its disk; it goes on by itself")
            case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM:
                (.storage, "look at its disk, its folder and its permissions")
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: (.damaged, "the file is not a journal any more")
            case .SQLITE_BUSY, .SQLITE_LOCKED: (.busy, "another process holds it")
            default: (.failed, "this is unexpected")
            }
        self.init(code, operation: operation, subject: subject, "\(text): \(advice)")
    }
}
