import CurfewModel
import Glibc

/// A command as a role allows it: `ALL`, a path (with any arguments), or a path with these very arguments.
struct CommandPattern: Hashable, Sendable {
    /// As the role writes it.
    let text: String

    /// `nil` when it has a ``problem(of:isAlone:)``.
    init?(_ text: String) {
        guard Self.problem(of: text, isAlone: true) == nil else { return nil }
        self.text = text
    }

    var isAll: Bool { text == "ALL" }
    private var words: [Substring] { text.split(separator: " ", maxSplits: 1) }
    var path: String { words.first.map(String.init) ?? "" }
    /// `nil` = any.
    var arguments: String? { words.count > 1 ? String(words[1]) : nil }

    /// What is wrong with a command line; `nil` when nothing is. What sudoers would take for more than a plain character
    /// is refused, or escaped by ``written``.
    static func problem(of text: String, isAlone: Bool) -> String? {
        let shown = "command '\(text.prefix(60).description.escapingControls)'"
        if text == "ALL" { return isAlone ? nil : "\(shown) cannot stand beside others: it is all of them" }
        guard text.utf8.count <= 1024 else { return "\(shown) is longer than 1024 bytes" }
        guard text.hasPrefix("/") else { return "\(shown) has to begin with the absolute path of a program" }
        for byte in text.utf8 {
            guard byte.isLetter || byte.isDigit || " /._-+@%:=,".utf8.contains(byte) else {
                return
                    "\(shown) may hold letters, digits, spaces and /._-+@%:=, only: no wildcards, quotes, backslashes, '#', '!' or control characters"
            }
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard !words.contains("") else { return "\(shown) has to have single spaces between its words and none at its ends" }
        // A folder's path would allow every program in it.
        let parts = words[0].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard !parts.contains(""), !parts.contains("."), !parts.contains("..") else {
            return "\(shown) has to name a program by a plain path, without '//', '.', '..' or a slash at its end"
        }
        return nil
    }

    /// As sudoers wants it.
    var written: String {
        var result = ""
        for character in text {
            if ",:=".contains(character) { result += "\\" }
            result.append(character)
        }
        return result
    }

    /// Whether sudo would take `line`, a path and arguments, for this command.
    func allows(_ line: some StringProtocol) -> Bool {
        if isAll { return true }
        let parts = line.split(separator: " ", maxSplits: 1)
        guard let program = parts.first, isProgram(String(program)) else { return false }
        return arguments.map { parts.count > 1 && parts[1] == $0 } ?? true
    }

    /// Whether a command line of sudo asks for this command, wherever in its words.
    func isAskedFor(in words: [String]) -> Bool {
        if isAll { return true }
        return words.indices.dropFirst().contains { index in
            guard Self.lastPart(words[index]) == Self.lastPart(path) else { return false }
            return arguments.map { words[(index + 1)...].joined(separator: " ") == $0 } ?? true
        }
    }

    /// sudo takes `/bin/id` for `/usr/bin/id` when both are the same file of the same name.
    private func isProgram(_ other: String) -> Bool {
        if other == path { return true }
        var (left, right) = (stat(), stat())
        return Self.lastPart(other) == Self.lastPart(path) && stat(other, &left) == 0 && stat(path, &right) == 0
            && left.st_dev == right.st_dev && left.st_ino == right.st_ino
    }

    private static func lastPart(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
}
