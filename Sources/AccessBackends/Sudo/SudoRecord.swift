import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

/// What evidence needs after the drop-in is gone.
struct SudoRecord: Codable {
    var account: String
    var start: Instant
    var end: Instant
    var commands: [String]

    init(_ order: AccessOrder, _ rule: SudoRule) {
        (account, start, end, commands) = (rule.account, order.start, rule.end, rule.commands)
    }

    static func read(_ path: String) -> SudoRecord? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONDecoder().decode(SudoRecord.self, from: $0) }
    }

    func write(to path: String) throws {
        let temporary = path + ".tmp"
        unlink(temporary)
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: try JSONEncoder().encode(self), attributes: [.posixPermissions: 0o600]),
            rename(temporary, path) == 0
        else { throw DriverError(.storage, operation: "write", subject: path, String(cString: strerror(errno))) }
    }
}

/// Commands that run under sudo.
enum RunningCommands {
    /// sudo's processes of an account whose command line is one of a grant's.
    private static func sudos(of record: SudoRecord) -> [pid_t] {
        guard let uid = getpwnam(record.account)?.pointee.pw_uid else { return [] }
        return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }.filter { pid in
            guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"),
                program.hasSuffix("/sudo"), realUser(pid) == uid || parentUser(pid) == uid,
                let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            else { return false }
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let text = words.dropFirst().drop { $0.hasPrefix("-") }.joined(separator: " ")
            return record.commands.contains {
                text == $0 || ($0.split(separator: " ").count == 1 && (text.hasPrefix($0 + " ") || text == $0))
                    || text == String($0.split(separator: "/").last ?? "")
            }
        }
    }

    private static func realUser(_ pid: pid_t) -> uid_t? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { uid_t($0) }
    }

    /// sudo is root by then; who called it is its parent's user.
    private static func parentUser(_ pid: pid_t) -> uid_t? { parent(pid).flatMap(realUser) }

    private static func parent(_ pid: pid_t) -> pid_t? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? pid_t(fields[1]) : nil
    }

    static func any(of record: SudoRecord) -> Bool { !sudos(of: record).isEmpty }

    /// Ends them with everything below them: politely, then for good.
    static func end(of record: SudoRecord) {
        var victims = Set(sudos(of: record))
        guard !victims.isEmpty else { return }
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        let parents = all.compactMap { pid in parent(pid).map { (pid, $0) } }
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for (child, parent) in parents where victims.contains(parent) && victims.insert(child).inserted { isGrowing = true }
        }
        for pid in victims { kill(pid, SIGTERM) }
        for _ in 0..<100 where victims.contains(where: { kill($0, 0) == 0 }) {
            var pause = timespec(tv_sec: 0, tv_nsec: 10_000_000)
            nanosleep(&pause, nil)
        }
        for pid in victims { kill(pid, SIGKILL) }
    }
}

/// sudo's own log.
enum SudoLog {
    /// Lines of an account for one of a grant's commands; `nil` when the log cannot be read. A line that goes on is indented.
    static func entries(_ path: String, of record: SudoRecord) -> [String]? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > 4 << 20 ? size - (4 << 20) : 0)
        let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        var lines: [String] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("    "), let last = lines.popLast() {
                lines.append(last + " " + line.drop { $0 == " " })
            } else {
                lines.append(String(line))
            }
        }
        let start = record.start
        return lines.compactMap { line in
            let parts = line.components(separatedBy: " : ")
            guard parts.count >= 3, parts[1] == record.account, !parts[2].contains("command not allowed"),
                let command = line.components(separatedBy: "COMMAND=").last,
                record.commands.contains(where: { command == $0 || command.hasPrefix($0 + " ") || $0.hasPrefix(command) })
            else { return nil }
            guard
                moment(parts[0], near: start).map({ $0 >= start + .seconds(-60) && $0 <= record.end + .seconds(3600) }) ?? true
            else {
                return nil
            }
            return "\(parts[0]) \(record.account) ran \(command)".escapingControls
        }
    }

    /// `Nov 23 10:00:01`, in the machine's own time; the year is that of `near`.
    private static func moment(_ text: String, near: Instant) -> Instant? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "MMM d HH:mm:ss yyyy"
        let hasYear = text.split(separator: " ").count > 3
        let full = hasYear ? text : "\(text) \(near.text.prefix(4))"
        let plain = full.split(separator: " ").joined(separator: " ")
        return format.date(from: plain).map { Instant(milliseconds: Int64($0.timeIntervalSince1970 * 1000)) }
    }
}

/// What `visudo` says.
enum Visudo {
    static func check(_ path: String) throws -> (code: Int32, output: String) {
        let places: [String] = ["/usr/sbin/visudo", "/sbin/visudo", "/usr/bin/visudo"]
        let program = places.first { access($0, X_OK) == 0 }
        guard let program else {
            throw DriverError(.missingProgram, operation: "run", subject: "visudo", "it is in the package sudo")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let report = "/tmp/curfew-visudo-\(getpid())-\(UInt64.random(in: .min ... .max))"
        defer { unlink(report) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, report, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program, "-c", "-q", "-f", path] as [String]).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        guard posix_spawn(&child, program, &actions, nil, &words, environ) == 0 else {
            throw DriverError(.failed, operation: "run", subject: program, String(cString: strerror(errno)))
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let output = String(decoding: FileManager.default.contents(atPath: report) ?? Data(), as: UTF8.self)
        return (status & 0x7F == 0 ? (status >> 8) & 0xFF : 128, output)
    }

    /// Whether a drop-in holds more than comments and defaults.
    static func grantsSomething(_ path: String) -> Bool {
        let text = String(decoding: (FileManager.default.contents(atPath: path) ?? Data()).prefix(65_536), as: UTF8.self)
        return text.split(separator: "\n").contains { line in
            let plain = line.drop(while: \.isWhitespace)
            return !plain.isEmpty && !plain.hasPrefix("#") && !plain.hasPrefix("Defaults")
        }
    }
}
