/// A program to be run: its words and what it reads, as a value. Never through a shell, never for longer than it may.
public struct Program: Sendable, Hashable {
    /// A path, or a name that is looked for in `PATH`.
    public var name: String
    /// Its arguments, without its own name.
    public var arguments: [String]
    /// Its whole environment. Nothing of this process's own gets in unless it stands here.
    public var environment: [String: String]
    /// What it reads from standard input; `nil` = nothing.
    public var input: [UInt8]?
    /// What it finds as `/dev/fd/3`, `/dev/fd/4` and so on; at most 16.
    public var files: [[UInt8]]
    /// Most bytes that it may write to standard output. A write beyond it fails in the program.
    public var outputLimit: Int
    /// The same for standard error.
    public var errorLimit: Int
    /// Most bytes of any file that it writes, its children too; `nil` = no limit.
    public var fileSizeLimit: UInt?
    /// What to say when it is missing: the package that brings it.
    public var hint: String
    /// Whether it may ask its person on the terminal of this process. It then stays in this process's group, and at its
    /// deadline it alone is killed.
    public var asksOnTerminal = false
    /// The same, and its standard error goes where this process's own goes.
    public var isInteractive = false

    /// Makes a program to be run.
    public init(
        _ name: String, _ arguments: [String], environment: [String: String] = Program.plainEnvironment, input: [UInt8]? = nil,
        files: [[UInt8]] = [], outputLimit: Int = 1 << 20, errorLimit: Int = 64 << 10, hint: String = ""
    ) {
        (self.name, self.arguments, self.environment) = (name, arguments, environment)
        (self.input, self.files, self.hint) = (input, files, hint)
        (self.outputLimit, self.errorLimit) = (outputLimit, errorLimit)
    }

    /// `PATH` of this process and the language of programs that are read by programs.
    public static var plainEnvironment: [String: String] { ["PATH": searchPath, "LC_ALL": "C"] }

    /// How a program ended, and what it wrote.
    public struct Result: Sendable, Hashable {
        /// How it ended.
        public enum Status: Sendable, Hashable {
            /// By itself, with this code.
            case exited(Int32)
            /// By this signal.
            case signalled(Int32)
        }
        /// How it ended.
        public var status: Status
        /// What it wrote to standard output.
        public var output: [UInt8]
        /// What it wrote to standard error; hostile text.
        public var errors: [UInt8]
        /// Whether it ended with code 0.
        public var isSuccess: Bool { status == .exited(0) }
        /// ``output`` as text; what is no UTF-8 is replaced.
        public var text: String { String(decoding: output, as: UTF8.self) }
        /// ``errors`` as text, at most 300 bytes of it.
        public var complaint: String { String(decoding: errors.prefix(300), as: UTF8.self) }
    }
}
