import CurfewSystem
import Foundation

/// What sshd said, as the system's journal has it. The journal writes down itself which process sent a message, so that nobody
/// can speak for sshd.
struct JournalReader: Sendable {
    private var cursor: String?
    private let program: String
    private static let deadline = Duration.seconds(5)

    /// - Parameter program: `journalctl`; another one in tests.
    init(program: String = "journalctl") { self.program = program }

    /// One message.
    struct Message: Equatable {
        var text: String
        var pid: Int32
        var time: String
    }

    /// The journal's own fields. What a program says of itself has no underscore before its name.
    private struct Entry: Decodable {
        var cursor: String?
        var message: Text?
        var pid: String?
        var user: String?
        var name: String?
        var program: String?
        var transport: String?
        var time: String?
        enum CodingKeys: String, CodingKey {
            case cursor = "__CURSOR"
            case message = "MESSAGE"
            case pid = "_PID"
            case user = "_UID"
            case name = "_COMM"
            case program = "_EXE"
            case transport = "_TRANSPORT"
            case time = "__REALTIME_TIMESTAMP"
        }
    }

    /// Text, or the bytes of what is no text.
    private enum Text: Decodable {
        case text(String)
        case bytes
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = (try? container.decode(String.self)).map(Text.text) ?? .bytes
        }
    }

    /// What is to be run. sshd's lines through its standard error are left out: line ends of strangers are not escaped there.
    func command(last count: Int?) -> Program {
        var arguments = [
            "--output=json", "--no-pager", "--quiet", "_UID=0", "_TRANSPORT=syslog", "_COMM=sshd", "_COMM=sshd-session",
        ]
        if let cursor { arguments.append("--after-cursor=\(cursor)") }
        if let count { arguments.append("--lines=\(count)") }
        return Program(program, arguments, outputLimit: LogTail.limit, hint: "it is in the package systemd")
    }

    /// What is new, and whether something may be missing before it.
    /// - Throws: ``SystemError`` when the journal cannot be read.
    mutating func next() throws(SystemError) -> (messages: [Message], hasGap: Bool) {
        var hasGap = false
        var result: Program.Result
        do {
            // The first time, what is there: a grant may have been used before this start.
            result = try command(last: nil).runBlocking(within: Self.deadline)
        } catch {
            guard error.code == .tooLarge || error.code == .timedOut else { throw error }
            hasGap = true
            result = try command(last: 5000).runBlocking(within: Self.deadline)
        }
        guard result.isSuccess else {
            throw SystemError(.storage, operation: "run", subject: program, "it failed: \(result.complaint)")
        }
        return (take(result.output), hasGap)
    }

    mutating func take(_ output: [UInt8]) -> [Message] {
        let decoder = JSONDecoder()
        return output.split(separator: 10).compactMap { line in
            guard let entry = try? decoder.decode(Entry.self, from: Data(line)) else { return nil }
            if let cursor = entry.cursor, cursor.utf8.count <= 512, !cursor.hasPrefix("-") { self.cursor = cursor }
            guard entry.user == "0", entry.transport == "syslog", ["sshd", "sshd-session"].contains(entry.name ?? ""),
                let pid = entry.pid.flatMap({ Int32($0) }), case .text(let text)? = entry.message,
                entry.program.map({ $0.hasSuffix("/sshd") || $0.hasSuffix("/sshd-session") }) ?? true
            else { return nil }
            let seconds = entry.time.flatMap { Int64($0) }.map { $0 / 1_000_000 }
            let time = seconds.map { Date(timeIntervalSince1970: TimeInterval($0)).ISO8601Format() } ?? ""
            return Message(text: text, pid: pid, time: time)
        }
    }
}
