import CurfewModel

/// What one drop-in says. One value has one text, so a file that differs from the text of what it says was tampered with.
struct DropIn: Hashable, Sendable {
    var grant: GrantID
    var account: String
    var hosts: [String]
    var runAs: String
    /// Whole seconds, as ``end``.
    var start: Instant
    /// First moment at which it gives nothing any more.
    var end: Instant
    /// How long a command may run, in seconds.
    var timeout: Int64
    var needsPassword: Bool
    var commands: [CommandPattern]
    /// When it was put in place: only commands that began later can have been run under it.
    var placed: BootMoment
    /// What ``timeout`` would be at the grant's start.
    var longestTimeout: Int64

    /// The file. Neither the reason nor anything else that a person is free to write stands in it.
    var text: String {
        """
        # Made by Curfew for one grant. What is changed by hand counts as access that nobody gave.
        # grant \(grant.name) \(grant.blob) from \(start.timestamp) until \(end.timestamp) placed \(placed) timeout \(longestTimeout)
        \(rule)

        """
    }

    /// `Z` always: without it the time zone of whoever calls sudo counts. NOTAFTER is the last second in which the rule
    /// holds (tried: it is inclusive), ``end`` is the first in which it does not.
    private var rule: String {
        let tag = needsPassword ? "PASSWD" : "NOPASSWD"
        let last = (end + .seconds(-1)).timestamp.filter { $0 != "-" && $0 != ":" && $0 != "T" }
        return "\(account) \(hosts.joined(separator: ", ")) = (\(runAs)) NOTAFTER=\(last) TIMEOUT=\(timeout)s \(tag): "
            + commands.map(\.written).joined(separator: ", ")
    }

    /// Reads what ``text`` wrote; `nil` for anything that differs by a byte.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4 else { return nil }
        let head = lines[1].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard head.count == 12, let name = Name(head[2]), let blob = ObjectID(head[3]), let start = Instant(timestamp: head[5]),
            let end = Instant(timestamp: head[7]), let placed = BootMoment(head[9]), let longest = Int64(head[11])
        else { return nil }
        guard let (account, hosts, rest) = Self.subject(lines[2]),
            let (runAs, timeout, needsPassword, commands) = Self.right(rest)
        else { return nil }
        self.init(
            grant: GrantID(name: name, blob: blob), account: account, hosts: hosts, runAs: runAs, start: start, end: end,
            timeout: timeout, needsPassword: needsPassword, commands: commands, placed: placed, longestTimeout: longest)
        guard self.text == text else { return nil }
    }

    init(
        grant: GrantID, account: String, hosts: [String], runAs: String, start: Instant, end: Instant, timeout: Int64,
        needsPassword: Bool, commands: [CommandPattern], placed: BootMoment, longestTimeout: Int64
    ) {
        (self.grant, self.account, self.hosts, self.runAs) = (grant, account, hosts, runAs)
        (self.start, self.end, self.timeout, self.needsPassword) = (start, end, timeout, needsPassword)
        (self.commands, self.placed, self.longestTimeout) = (commands, placed, longestTimeout)
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

    /// `root) NOTAFTER=… TIMEOUT=…s NOPASSWD: a, b`.
    private static func right(_ text: Substring) -> (String, Int64, Bool, [CommandPattern])? {
        let words = text.split(separator: " ", maxSplits: 4)
        guard words.count == 5, words[0].hasSuffix(")"), words[2].hasPrefix("TIMEOUT="), words[2].hasSuffix("s"),
            let timeout = Int64(words[2].dropFirst(8).dropLast()), words[3] == "NOPASSWD:" || words[3] == "PASSWD:"
        else { return nil }
        // Commas of a command are escaped, so this separates commands alone.
        var (parts, isEscaped): ([String], Bool) = ([""], false)
        for character in words[4] {
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
        guard commands.count == texts.count else { return nil }
        return (String(words[0].dropLast()), timeout, words[3] == "PASSWD:", commands)
    }
}

extension Instant {
    /// Rounded down.
    var wholeSecond: Instant {
        let rest = milliseconds % 1000
        return Instant(milliseconds: milliseconds - (rest < 0 ? rest + 1000 : rest))
    }

    /// Whether sudo's format has a place for it.
    var isInCalendar: Bool { milliseconds > 1000 && milliseconds < 253_402_300_800_000 }

    /// Reads `2026-11-23T08:15:42Z` and nothing else.
    init?(timestamp text: String) {
        let parts = text.split { !$0.isNumber }.compactMap { Int($0) }
        guard parts.count == 6,
            let moment = Instant(
                year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5]),
            moment.timestamp == text
        else { return nil }
        self = moment
    }
}
