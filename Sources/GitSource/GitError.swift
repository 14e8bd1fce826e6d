internal import CLibGit2

/// What went wrong with Git, told for people. Never holds a secret.
public struct GitError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// What kind of failure it is; open.
    public struct Code: RawRepresentable, Sendable, Hashable, Codable {
        /// Short, in lower camel case.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The other side does not answer.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The other side did not answer in time.
        public static let timedOut = Code(rawValue: "timedOut")
        /// The credentials were refused, or there are none.
        public static let authentication = Code(rawValue: "authentication")
        /// The host is not who it was, or is not known.
        public static let hostKeyMismatch = Code(rawValue: "hostKeyMismatch")
        /// The host's certificate is not trusted.
        public static let certificate = Code(rawValue: "certificate")
        /// The other side points to another place.
        public static let redirected = Code(rawValue: "redirected")
        /// There is no such branch.
        public static let branchNotFound = Code(rawValue: "branchNotFound")
        /// The repository has no commit.
        public static let emptyRepository = Code(rawValue: "emptyRepository")
        /// What is there is no repository.
        public static let notARepository = Code(rawValue: "notARepository")
        /// The other side did not take what was pushed.
        public static let rejected = Code(rawValue: "rejected")
        /// A revert does not apply.
        public static let conflict = Code(rawValue: "conflict")
        /// An object is not there.
        public static let missingObject = Code(rawValue: "missingObject")
        /// What was sent or stored is damaged.
        public static let corrupt = Code(rawValue: "corrupt")
        /// A value cannot be used.
        public static let invalid = Code(rawValue: "invalid")
        /// It is more than is taken at once.
        public static let tooLarge = Code(rawValue: "tooLarge")
        /// The disk is full or cannot be written.
        public static let storage = Code(rawValue: "storage")
        /// Anything else.
        public static let failed = Code(rawValue: "failed")
    }
    /// Whether it says something of the objects and nothing of the disk: it will be the same the next time.
    public var isAboutObjects: Bool { code == .corrupt || code == .missingObject }
    /// What kind of failure.
    public var code: Code
    /// What was being done.
    public var operation: String
    /// About what: an address without credentials, an id, a path.
    public var subject: String
    /// What went wrong and what to do.
    public var message: String
    /// Makes an error.
    public init(_ code: Code, operation: String, subject: String, _ message: String) {
        (self.code, self.operation, self.subject, self.message) = (code, operation, subject, message)
    }
    public var description: String { "\(operation) \(subject): \(message)" }
}

/// libgit2's global state and its error reporting.
enum LibGit2 {
    /// Starts the library once; it is never shut down, since objects may live on any thread.
    static let start: Void = {
        git_libgit2_init()
        _ = curfew_git_trust_owner()
        _ = curfew_git_cache_limit(8 << 20)
        _ = curfew_git_window(32 << 20, 256 << 20)
    }()

    /// Turns a libgit2 result into an error, reading the thread's message at once.
    static func check(_ result: Int32, _ operation: String, _ subject: String) throws(GitError) {
        guard result < 0 else { return }
        let text = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) } ?? "error \(result)"
        let code: GitError.Code =
            switch git_error_code(result) {
            case GIT_ENOTFOUND: .missingObject
            case GIT_EAUTH: .authentication
            case GIT_ECERTIFICATE: .certificate
            case GIT_ENONFASTFORWARD: .rejected
            case GIT_EINVALIDSPEC: .invalid
            case GIT_ECONFLICT, GIT_EMERGECONFLICT: .conflict
            default: text.contains("No space left") ? .storage : text.contains("File too large") ? .tooLarge : .failed
            }
        throw GitError(code, operation: operation, subject: subject, String(text.prefix(500)))
    }
}
