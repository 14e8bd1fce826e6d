import CurfewModel
import CurfewSystem
import Glibc

/// sudo's own log (`Defaults logfile`) or the system's, as far as sudo writes to it.
enum SudoLog {
    /// Most that is read, in bytes.
    static let limit = 16 << 20
    /// Most readings of one entry. Who chooses arguments could make each word look like the beginning of a command; then the
    /// first ones and the last one are looked at, and what matches none of them counts as unknown.
    static let mostReadings = 16

    struct Entry: Hashable, Sendable {
        /// As the log says it; local time of whoever called sudo.
        var when: String
        var user: String
        var terminal: String?
        /// sudo did not run it.
        var isRefused: Bool
        /// What was run. More than one where the caller's folder looks like the beginning of a command.
        var commands: [String]
        /// Written when the command had ended.
        var isEnd = false
        /// Nobody can tell what was run.
        var isUnclear = false
    }

    /// The entries between two marks, and whether nothing can be missing. A log that was rotated once is followed.
    static func entries(_ path: String, from start: LogMark?, to end: LogMark?) -> (entries: [Entry], isWhole: Bool) {
        guard let current = LogMark(path) else { return ([], false) }
        var (texts, isWhole): ([String], Bool) = ([], true)
        func take(_ path: String, from offset: Int, to end: Int) {
            guard end > offset else { return }
            let first = max(offset, end - limit)
            if first > offset { isWhole = false }
            guard let bytes = content(of: path, first..<end) else {
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

    /// Some bytes of a plain file; fewer when it is shorter, `nil` when it cannot be read.
    private static func content(of path: String, _ range: Range<Int>) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < buffer.count {
            let place = off_t(range.lowerBound + done)
            let count = buffer[done...].withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, place) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            done += count
        }
        return Array(buffer[..<done])
    }

    /// Commands that were begun and of which no end is written (`log_exit_status`), oldest first.
    static func unfinished(_ entries: [Entry]) -> [Entry] {
        var open: [Entry] = []
        for entry in entries where !entry.isRefused {
            if entry.isEnd {
                if let index = open.firstIndex(where: { $0.user == entry.user && $0.commands == entry.commands }) {
                    open.remove(at: index)
                }
            } else {
                open.append(entry)
            }
        }
        return open
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
        var latest: [String: Int] = [:]
        for line in lines {
            guard let (when, user, rest) = head(of: line) else { continue }
            let mark = "(command continued) "
            if rest.hasPrefix(mark), let index = latest[user] {
                let more = " " + rest.dropFirst(mark.count)
                for reading in entries[index].commands.indices { entries[index].commands[reading] += more }
                continue
            }
            let commands = readings(of: rest)
            guard !commands.isEmpty else {
                // An entry of sudo's that names no command: nobody can tell what was run.
                if isField(rest) {
                    latest[user] = entries.count
                    entries.append(Entry(when: when, user: user, isRefused: false, commands: [], isUnclear: true))
                }
                continue
            }
            latest[user] = entries.count
            let terminal = rest.hasPrefix("TTY=") ? rest.dropFirst(4).prefix { $0 != " " } : nil
            entries.append(
                Entry(
                    when: when, user: user, terminal: terminal.map(String.init), isRefused: !isField(rest), commands: commands))
        }
        var open: [String: Int] = [:]
        return entries.map { entry in
            // `… ; SIGNAL=KILL ; EXIT=137`: an end only of what was begun, since arguments may look like one.
            let stripped = entry.commands.compactMap(withoutEnd)
            if !entry.isRefused, stripped.count == entry.commands.count, let first = stripped.first,
                open["\(entry.user) \(first)", default: 0] > 0
            {
                open["\(entry.user) \(first)", default: 0] -= 1
                var entry = entry
                (entry.commands, entry.isEnd) = (stripped, true)
                return entry
            }
            if !entry.isRefused, let first = entry.commands.first { open["\(entry.user) \(first)", default: 0] += 1 }
            return entry
        }
    }

    /// What an entry may say was run: the caller's folder and the arguments may hold anything.
    private static func readings(of rest: Substring) -> [String] {
        let starts = rest.ranges(of: "COMMAND=").filter {
            $0.lowerBound == rest.startIndex || rest[..<$0.lowerBound].hasSuffix("; ")
        }.map(\.upperBound)
        guard starts.count > mostReadings, let last = starts.last else { return starts.map { String(rest[$0...]) } }
        return (starts.prefix(mostReadings - 1) + [last]).map { String(rest[$0...]) }
    }

    /// A command without the words that an end adds; `nil` when there are none.
    private static func withoutEnd(_ command: String) -> String? {
        guard let exit = command.ranges(of: " ; EXIT=").last, UInt16(command[exit.upperBound...]) != nil else { return nil }
        let rest = command[..<exit.lowerBound]
        guard let signal = rest.ranges(of: " ; SIGNAL=").last, !rest[signal.upperBound...].contains(" ") else {
            return String(rest)
        }
        return String(rest[..<signal.lowerBound])
    }

    /// Undoes what sudo does to a command that it writes down: `#012` for a control character, and single quotes with
    /// backslashes around an argument with spaces.
    static func unquoted(_ command: String) -> String {
        var bytes: [UInt8] = []
        var isQuoted = false
        let source = Array(command.utf8)
        var index = 0
        while index < source.count {
            let byte = source[index]
            if byte == UInt8(ascii: "#"), index + 3 < source.count,
                let code = UInt8(String(decoding: source[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                index += 4
                continue
            }
            if byte == UInt8(ascii: "\\"), index + 1 < source.count {
                bytes.append(source[index + 1])
                index += 2
                continue
            }
            if byte == UInt8(ascii: "'") { isQuoted.toggle() } else { bytes.append(byte) }
            index += 1
        }
        return isQuoted ? command : String(decoding: bytes, as: UTF8.self)
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
