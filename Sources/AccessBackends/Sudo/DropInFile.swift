import CurfewModel
import CurfewSystem
import Glibc

/// A file in the folder of drop-ins, as it is found.
enum DropInFile {
    static let mode: mode_t = 0o440
    /// 64 commands of 1024 bytes, escaped, fit.
    static let limit = 256 << 10

    /// What is there.
    enum Finding: Sendable {
        case missing
        /// It is as this backend writes it, down to the last byte, its owner and its rights.
        case ours(DropIn)
        /// It is not, and why.
        case other(String)
    }

    /// Reads one. What cannot be read counts as something that may give access.
    static func read(_ path: String) -> Finding {
        do {
            guard let (bytes, status) = try PlainFile.readWithStatus(path, limit: limit) else { return .missing }
            guard let text = String(validating: bytes, as: UTF8.self), let dropIn = DropIn(text: text) else {
                return .other("it is not as Curfew writes it")
            }
            guard status.st_uid == 0, status.st_gid == 0, status.st_mode & 0o7777 == mode, status.st_nlink == 1 else {
                return .other("its owner, rights or links are not as Curfew makes them")
            }
            return .ours(dropIn)
        } catch { return .other(error.message) }
    }

    /// Removes a file of Curfew's, and nothing but a plain file.
    /// - Parameter isKnown: whether it is Curfew's though it does not say so: somebody changed it.
    static func remove(_ path: String, isKnown: Bool = false) throws(SystemError) {
        try AtomicFile.remove(path, replacing: .marked { isKnown || DropIn.isMarked($0) })
    }

    /// Whether a file holds more than comments, defaults and aliases: a rule, or another file to be read.
    static func grantsSomething(_ text: String) -> Bool {
        var isContinued = false
        for line in text.split(whereSeparator: \.isNewline) {
            // A backslash joins a line with the next, but not in comments (tried).
            defer { isContinued = line.hasSuffix("\\") && !isComment(line) }
            let plain = line.drop { $0 == " " || $0 == "\t" }
            if isContinued || plain.isEmpty || isComment(line) { continue }
            let harmless = ["Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"]
            if !harmless.contains(where: { plain.hasPrefix($0) }) { return true }
        }
        return false
    }

    /// `#1000 ALL = …` is a rule for a uid, `#include` and `#includedir` are the old way to read another file.
    private static func isComment(_ line: Substring) -> Bool {
        let plain = line.drop { $0 == " " || $0 == "\t" }
        guard plain.first == "#" else { return false }
        let next = plain.dropFirst()
        let number = next.first == "-" ? next.dropFirst() : next
        return number.first?.isNumber != true && !next.hasPrefix("include")
    }
}
