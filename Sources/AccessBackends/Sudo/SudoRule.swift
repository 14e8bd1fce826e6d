import CurfewDrivers
import CurfewModel
import Foundation
import Glibc

/// One drop-in.
struct SudoRule {
    /// The grant's id as text.
    var id: String
    var grant: GrantID?
    var account: String
    var hosts: [String]
    var runAs: String
    var start = Instant(milliseconds: 0)
    var end: Instant
    /// Seconds.
    var timeout: Int64
    var needsPassword: Bool
    var commands: [String]

    init(_ order: AccessOrder, hosts: [String], now: Instant) {
        (id, grant) = (order.id.description, order.id)
        account = Self.account(of: order.person)
        self.hosts = hosts
        runAs = order.settings["runAs"]?.text ?? "root"
        // Whole seconds, rounded down.
        end = Instant(milliseconds: order.end.milliseconds / 1000 * 1000)
        let left = max(1, (order.end - now).milliseconds / 1000)
        if case .integer(let seconds)? = order.settings["timeout"] {
            timeout = min(left, Int64(seconds))
        } else {
            timeout = left
        }
        if case .bool(let free)? = order.settings["noPassword"] { needsPassword = !free } else { needsPassword = false }
        commands = order.settings["commands"]?.texts ?? []
    }

    /// The file. `Z` always: without it the time zone of whoever calls sudo would count.
    var text: String {
        let escaped = commands.map(Self.escape).joined(separator: ", ")
        let tag = needsPassword ? "PASSWD" : "NOPASSWD"
        let rule =
            "\(account) \(hosts.joined(separator: ", ")) = (\(runAs)) NOTAFTER=\(Self.compact(end)) TIMEOUT=\(timeout)s \(tag): \(escaped)"
        return
            "# made by Curfew; do not edit\n# grant \(grant?.name.rawValue ?? "") \(grant?.blob.hex ?? "") until \(end.milliseconds) for \(account)\n\(rule)\n"
    }

    static func compact(_ moment: Instant) -> String { moment.timestamp.filter { $0.isNumber || $0 == "Z" } }

    static func account(of person: Person) -> String { person.accounts["unix"] ?? person.name.rawValue }

    /// Reads a file that this type wrote; `nil` for any other.
    static func read(_ path: String) -> SudoRule? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 65_536 else { return nil }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.count == 3 else { return nil }
        let words = lines[1].split(separator: " ").map(String.init)
        guard words.count == 8, words[1] == "grant", let name = Name(words[2]), let blob = ObjectID(words[3]),
            words[4] == "until",
            let end = Int64(words[5]), words[6] == "for", lines[2].hasPrefix("\(words[7]) "),
            lines[2].contains(" NOTAFTER=\(compact(Instant(milliseconds: end))) ")
        else { return nil }
        let grant = GrantID(name: name, blob: blob)
        let start = lines[2].range(of: "PASSWD: ")
        let commands =
            start.map { lines[2][$0.upperBound...].components(separatedBy: ", ").map { $0.replacing("\\", with: "") } } ?? []
        return SudoRule(
            id: grant.description, grant: grant, account: words[7], hosts: [], runAs: "", end: Instant(milliseconds: end),
            timeout: 0,
            needsPassword: false, commands: commands)
    }

    private init(
        id: String, grant: GrantID, account: String, hosts: [String], runAs: String, end: Instant, timeout: Int64,
        needsPassword: Bool, commands: [String]
    ) {
        (self.id, self.grant, self.account, self.hosts, self.runAs) = (id, grant, account, hosts, runAs)
        (self.end, self.timeout, self.needsPassword, self.commands) = (end, timeout, needsPassword, commands)
    }

    /// Whether the file still belongs to root alone.
    func isUntouched(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_uid == 0
            && status.st_mode & 0o222 == 0
    }

    /// Everything that is wrong with a role's settings for a person.
    static func problems(_ settings: [String: Setting], _ person: Person) -> [String] {
        var problems: [String] = []
        let known = ["commands", "runAs", "timeout", "noPassword"]
        for key in settings.keys.sorted() where !known.contains(key) {
            problems.append("unknown setting '\(key)'; there are: \(known.joined(separator: ", "))")
        }
        let commands = settings["commands"]?.texts ?? []
        if !(1...64).contains(commands.count) { problems.append("commands has to be a list of 1 to 64 command lines") }
        for command in commands where !isCommand(command) {
            problems.append(
                "command '\(command.prefix(60).description.escapingControls)' has to be an absolute path with plain arguments: no wildcards, quotes, '#', '!' or control characters"
            )
        }
        let account = account(of: person)
        if !isAccount(account) || account == "root" {
            problems.append(
                "account '\(account.prefix(40).description.escapingControls)' (accounts.unix of \(person.name)) cannot be given sudo"
            )
        }
        if let value = settings["runAs"], !isAccount(value.text ?? "") {
            problems.append("runAs has to be the name of an account")
        }
        if let value = settings["timeout"] {
            if case .integer(let seconds) = value, (1...2_592_000).contains(seconds) {
            } else {
                problems.append("timeout has to be whole seconds, 1 to 2592000")
            }
        }
        if let value = settings["noPassword"] {
            if case .bool = value {} else { problems.append("noPassword has to be true or false") }
        }
        return problems
    }

    static func isAccount(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 32, (0x61...0x7A).contains(first) || first == 0x5F else {
            return false
        }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2D }
    }

    private static func isCommand(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= 1024, !text.contains("/../"), !text.hasSuffix("/") else { return false }
        return text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || " /._-+@:=,%".utf8.contains(byte)
        }
    }

    /// What sudoers would take for punctuation.
    private static func escape(_ command: String) -> String {
        var result = ""
        for character in command {
            if ":=,".contains(character) { result += "\\" }
            result.append(character)
        }
        return result
    }
}
