import CurfewModel

/// What a role says for this backend, checked.
struct RuleSettings: Hashable, Sendable {
    var account: String
    var commands: [CommandPattern]
    var runAs: String
    /// Seconds; `nil` = as long as the grant.
    var timeout: Int64?
    var noPassword: Bool

    private static let known = ["commands", "noPassword", "runAs", "timeout"]

    /// Reads them; all problems at once, and no value when there is one.
    static func read(_ settings: [String: Setting], for person: Person) -> (value: RuleSettings?, problems: [String]) {
        var problems = settings.keys.sorted().filter { !known.contains($0) }.map {
            "unknown setting '\(shown($0))'; there are: \(known.joined(separator: ", "))"
        }
        var value = RuleSettings(
            account: person.accounts["unix"] ?? person.name.rawValue, commands: [], runAs: "root", timeout: nil,
            noPassword: true)
        if !isAccount(value.account) || value.account == "root" {
            problems.append(
                "account '\(shown(value.account))' (accounts.unix of \(person.name), else the name) has to match [a-z_][a-z0-9_-]* with at most 32 characters, and cannot be root"
            )
        }
        switch settings["commands"]?.texts {
        case let texts? where (1...64).contains(texts.count):
            problems += texts.compactMap { CommandPattern.problem(of: $0, isAlone: texts.count == 1) }
            value.commands = texts.compactMap { CommandPattern($0) }
        default: problems.append("commands has to be a list of 1 to 64 command lines, or the word ALL")
        }
        if let runAs = settings["runAs"] {
            if let text = runAs.text, isAccount(text) {
                value.runAs = text
            } else {
                problems.append("runAs has to be the name of one account: [a-z_][a-z0-9_-]* with at most 32 characters")
            }
        }
        if let timeout = settings["timeout"] {
            if let seconds = seconds(timeout) {
                value.timeout = seconds
            } else {
                problems.append("timeout has to be a length like 30m or 1h30m, or whole seconds; 1 s to 30 d")
            }
        }
        if let noPassword = settings["noPassword"] {
            if case .bool(let flag) = noPassword {
                value.noPassword = flag
            } else {
                problems.append("noPassword has to be true or false")
            }
        }
        return (problems.isEmpty ? value : nil, problems)
    }

    /// `[a-z_][a-z0-9_-]{0,31}`: no group (`%`), no uid (`#`), no negation, no `ALL`.
    static func isAccount(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isLowerLetter || first == UInt8(ascii: "_"), text.utf8.count <= 32 else {
            return false
        }
        return text.utf8.allSatisfy {
            $0.isLowerLetter || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }

    /// Whole seconds, 1 to 30 days: a number, or numbers with `d`, `h`, `m`, `s`, each unit once and in this order.
    static func seconds(_ setting: Setting) -> Int64? {
        let allowed: ClosedRange<Int64> = 1...2_592_000
        if case .integer(let number) = setting { return Int64(exactly: number).flatMap { allowed.contains($0) ? $0 : nil } }
        guard let text = setting.text, (2...16).contains(text.utf8.count) else { return nil }
        var units: ArraySlice<(UInt8, Int64)> = [
            (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
        ]
        var (total, number, hasDigits): (Int64, Int64, Bool) = (0, 0, false)
        for byte in text.utf8 {
            if byte.isDigit {
                // At most 16 characters: nothing overflows.
                (number, hasDigits) = (number * 10 + Int64(byte - UInt8(ascii: "0")), true)
                guard number <= allowed.upperBound else { return nil }
                continue
            }
            guard hasDigits, let index = units.firstIndex(where: { $0.0 == byte }) else { return nil }
            total += number * units[index].1
            units = units[(index + 1)...]
            (number, hasDigits) = (0, false)
        }
        return !hasDigits && allowed.contains(total) ? total : nil
    }

    private static func shown(_ text: String) -> String { text.prefix(60).description.escapingControls }
}
