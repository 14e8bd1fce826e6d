import CurfewModel
import CurfewSystem

extension DropIn {
    /// Reads what ``text`` wrote; `nil` for anything that differs by a byte.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // Slices are few: each is a fifth of the rest, and 30 days have less than 80.
        guard (5...100).contains(lines.count),
            let rule = lines.first(where: { $0.contains(" = (") && $0.contains(" TIMEOUT=") })
        else {
            return nil
        }
        let head = lines[1].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard head.count == 12, let name = Name(head[2]), let blob = ObjectID(head[3]), let start = Instant(timestamp: head[5]),
            let end = Instant(timestamp: head[7]), let placed = BootTime(head[9]), let timeout = Int64(head[11]),
            start.isInCalendar, end.isInCalendar, end - start <= .seconds(40 * 86_400)
        else { return nil }
        guard let (account, hosts, rest) = Self.subject(rule), let (runAs, needsPassword, isAll) = Self.right(rest) else {
            return nil
        }
        let written = isAll ? "ALL" : lines[3].firstRange(of: " = ").map { String(lines[3][$0.upperBound...]) } ?? ""
        guard let commands = Self.commands(written) else { return nil }
        self.init(
            grant: GrantID(name: name, blob: blob), account: account, hosts: hosts, runAs: runAs, start: start, end: end,
            timeout: timeout, needsPassword: needsPassword, commands: commands, placed: placed)
        guard self.text == text else { return nil }
    }

    /// `alice host, host = (…`: who and where, and what follows the bracket.
    private static func subject(_ rule: Substring) -> (account: String, hosts: [String], rest: Substring)? {
        guard let equals = rule.firstRange(of: " = ("), let space = rule[..<equals.lowerBound].firstIndex(of: " ") else {
            return nil
        }
        let account = String(rule[..<space])
        let hosts = rule[rule.index(after: space)..<equals.lowerBound].split(separator: ", ").map(String.init)
        return RuleSettings.isAccount(account) ? (account, hosts, rule[equals.upperBound...]) : nil
    }

    /// `root) NOTBEFORE=… NOTAFTER=… TIMEOUT=…s NOPASSWD: what`.
    private static func right(_ text: Substring) -> (runAs: String, needsPassword: Bool, isAll: Bool)? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(")"), words[4] == "NOPASSWD:" || words[4] == "PASSWD:" else { return nil }
        return (String(words[0].dropLast()), words[4] == "PASSWD:", words[5] == "ALL")
    }

    /// Commands as ``CommandPattern/written`` has them, separated by commas; commas of a command are escaped.
    private static func commands(_ text: String) -> [CommandPattern]? {
        var (parts, isEscaped): ([String], Bool) = ([""], false)
        for character in text {
            if isEscaped {
                parts[parts.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        let texts = parts.enumerated().map { $0.offset == 0 ? $0.element : String($0.element.dropFirst()) }
        let commands = texts.compactMap { CommandPattern($0) }
        return commands.count == texts.count ? commands : nil
    }
}
