import CurfewModel
import CurfewSystem

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
    /// How long a command may run at most, in seconds; never beyond the end.
    var timeout: Int64
    var needsPassword: Bool
    var commands: [CommandPattern]
    /// When it was put in place: only commands that began later can have been run under it.
    var placed: BootTime

    /// The first line, by which a file is known for one of Curfew's.
    static let mark = "# Made by Curfew for one grant. What is changed by hand counts as access that nobody gave."

    /// Whether a file carries the mark.
    static func isMarked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array((mark + "\n").utf8)) }

    /// The file. Neither the reason nor anything else that a person is free to write stands in it.
    var text: String { ([Self.mark, head, defaults] + aliases + rules).map { $0 + "\n" }.joined() }

    private var head: String {
        "# grant \(grant.name) \(grant.blob) from \(start.timestamp) until \(end.timestamp) placed \(placed) timeout \(timeout)"
    }

    /// A prompt that waits outlives the rule that it was asked under, so it waits for half a minute and asks once; no password
    /// is remembered for later; and the log says which commands have ended.
    private var defaults: String {
        "Defaults:\(account) log_exit_status, passwd_timeout=0.5, passwd_tries=1, timestamp_timeout=0"
    }

    private var alias: String { "CURFEW_" + grant.blob.hex.uppercased() }
    private var isAll: Bool { commands.first?.isAll == true }
    private var aliases: [String] {
        isAll ? [] : ["Cmnd_Alias \(alias) = " + commands.map(\.written).joined(separator: ", ")]
    }

    /// `Z` always: without it the time zone of whoever calls sudo counts. NOTAFTER is the last second in which a rule holds
    /// (tried: it is inclusive), ``end`` is the first in which it does not.
    private var rules: [String] {
        func compact(_ moment: Instant) -> String { moment.timestamp.filter { $0 != "-" && $0 != ":" && $0 != "T" } }
        let tag = needsPassword ? "PASSWD" : "NOPASSWD"
        return slices.map { slice in
            "\(account) \(hosts.joined(separator: ", ")) = (\(runAs)) NOTBEFORE=\(compact(slice.from))"
                + " NOTAFTER=\(compact(slice.to + .seconds(-1))) TIMEOUT=\(slice.timeout)s \(tag): \(isAll ? "ALL" : alias)"
        }
    }

    /// One part of the grant's time, and how long a command may run that begins in it.
    struct Slice: Hashable, Sendable {
        var from: Instant
        /// First moment after it.
        var to: Instant
        /// Seconds.
        var timeout: Int64
    }

    /// The nearer the end, the shorter a command may run, so that none goes on beyond the end though Curfew may be dead: each
    /// slice is a fifth of what is left, and a command has what is left when its slice ends. In the last second one is left.
    var slices: [Slice] {
        var result: [Slice] = []
        var from = start
        while from < end {
            let rest = (end - from).milliseconds / 1000
            let next = rest > 1 ? from + .seconds(max(1, rest / 5)) : end
            let left = max(1, (end - next).milliseconds / 1000)
            let slice = Slice(from: from, to: next, timeout: min(timeout, left))
            if let last = result.last, last.timeout == slice.timeout {
                result[result.count - 1].to = next
            } else {
                result.append(slice)
            }
            from = next
        }
        return result
    }

    init(
        grant: GrantID, account: String, hosts: [String], runAs: String, start: Instant, end: Instant, timeout: Int64,
        needsPassword: Bool, commands: [CommandPattern], placed: BootTime
    ) {
        (self.grant, self.account, self.hosts, self.runAs) = (grant, account, hosts, runAs)
        (self.start, self.end, self.timeout, self.needsPassword) = (start, end, timeout, needsPassword)
        (self.commands, self.placed) = (commands, placed)
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
