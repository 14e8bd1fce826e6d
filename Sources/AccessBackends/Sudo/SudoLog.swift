import CurfewModel
import Glibc

/// sudo's own log (`Defaults logfile`) or the system's, as far as sudo writes to it.
enum SudoLog {
    /// Most that is read, in bytes.
    static let limit = 16 << 20

    struct Entry: Hashable, Sendable {
        /// As the log says it; local time of whoever called sudo.
        var when: String
        var user: String
        var terminal: String?
        /// sudo did not run it.
        var isRefused: Bool
        /// What was run. More than one where the caller's folder looks like the beginning of a command.
        var commands: [String]
    }

    /// The entries between two marks, and whether nothing can be missing. A log that was rotated once is followed.
    static func entries(_ path: String, from start: LogMark?, to end: LogMark?) -> (entries: [Entry], isWhole: Bool) {
        guard let current = LogMark(path) else { return ([], false) }
        var (texts, isWhole): ([String], Bool) = ([], true)
        func take(_ path: String, from offset: Int, to end: Int) {
            guard end > offset else { return }
            let first = max(offset, end - limit)
            if first > offset { isWhole = false }
            guard let bytes = Files.read(path, bytes: first..<end) else {
                isWhole = false
                return
            }
            texts.append(String(decoding: bytes, as: UTF8.self))
        }
        let last = end.flatMap { $0.isSameFile(as: current) ? min($0.offset, current.offset) : nil } ?? current.offset
        if let start, start.isSameFile(as: current) {
            // Shorter than it was: it was emptied in place, and what was in it is lost.
            if start.offset > current.offset { isWhole = false }
            take(path, from: start.offset <= current.offset ? start.offset : 0, to: last)
        } else {
            let rotated = path + ".1"
            if let start, let older = LogMark(rotated), start.isSameFile(as: older), start.offset <= older.offset {
                let stop = end.flatMap { $0.isSameFile(as: older) ? $0.offset : nil }
                take(rotated, from: start.offset, to: min(stop ?? older.offset, older.offset))
                if stop == nil { take(path, from: 0, to: last) }
            } else {
                // Without a mark nobody knows what was there before; what is there now still counts as a use.
                isWhole = false
                take(path, from: 0, to: last)
            }
        }
        return (texts.flatMap(parse), isWhole)
    }

    /// Reads log text; lines that are not sudo's are left out.
    static func parse(_ text: String) -> [Entry] {
        var lines: [String] = []
        for line in text.split(separator: "\n") {
            // A long entry goes on in lines that are indented by four spaces.
            if line.hasPrefix("    "), !lines.isEmpty {
                lines[lines.count - 1] += " " + line.drop { $0 == " " }
            } else {
                lines.append(String(line))
            }
        }
        var entries: [Entry] = []
        for line in lines {
            guard let (when, user, rest) = head(of: line) else { continue }
            let mark = "(command continued) "
            if rest.hasPrefix(mark), let index = entries.lastIndex(where: { $0.user == user }) {
                entries[index].commands = entries[index].commands.map { $0 + " " + rest.dropFirst(mark.count) }
                continue
            }
            let commands = rest.ranges(of: "COMMAND=").filter {
                $0.lowerBound == rest.startIndex || rest[..<$0.lowerBound].hasSuffix("; ")
            }.map { String(rest[$0.upperBound...]) }
            guard !commands.isEmpty else { continue }
            let terminal = rest.hasPrefix("TTY=") ? rest.dropFirst(4).prefix { $0 != " " } : nil
            entries.append(
                Entry(
                    when: when, user: user, terminal: terminal.map(String.init), isRefused: !isField(rest), commands: commands))
        }
        return entries
    }

    /// `Nov 23 10:00:01 : alice : …`, with a year or not, with the host or not; or a line of the system's log:
    /// `… host sudo[12]:    alice : …`.
    private static func head(of line: String) -> (when: String, user: String, rest: Substring)? {
        guard let separator = line.firstRange(of: " : ") else { return nil }
        let first = line[..<separator.lowerBound]
        var rest = line[separator.upperBound...]
        var user: Substring
        var when = first
        if let program = first.firstRange(of: " sudo[") ?? first.firstRange(of: " sudo:"),
            let colon = first[program.lowerBound...].firstIndex(of: ":")
        {
            user = first[first.index(after: colon)...].drop { $0 == " " }
            // Without the host.
            let words = first[..<program.lowerBound].split(separator: " ")
            when = Substring(words.dropLast(words.count > 1 ? 1 : 0).joined(separator: " "))
        } else {
            guard let next = rest.firstRange(of: " : ") else { return nil }
            user = rest[..<next.lowerBound]
            rest = rest[next.upperBound...]
        }
        if rest.hasPrefix("HOST="), let next = rest.firstRange(of: " : ") { rest = rest[next.upperBound...] }
        return user.isEmpty || user.contains(" ") ? nil : (String(when), String(user), rest)
    }

    /// Entries of what was run begin with a field, entries of what was refused with the reason.
    private static func isField(_ text: Substring) -> Bool {
        ["HOST=", "TTY=", "CHROOT=", "PWD=", "CWD=", "USER=", "GROUP=", "TSID=", "ENV=", "COMMAND="].contains {
            text.hasPrefix($0)
        }
    }
}

extension LogMark {
    func isSameFile(as other: LogMark) -> Bool { device == other.device && inode == other.inode }
}
