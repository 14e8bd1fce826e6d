import CurfewSystem

/// One login, as a line of sshd's log says. By itself it is a claim: ``LoginLedger`` says what is known of it.
struct Login: Sendable, Hashable, CustomStringConvertible {
    /// The certificate that opened it; `nil` = something else did, or a certificate of nobody's grant.
    struct Certificate: Sendable, Hashable {
        var serial: UInt64
        /// Its key id.
        var identity: String
    }

    var user: String
    var address: String
    var port: Int
    var certificate: Certificate?
    /// The process that logged it, where the log says so.
    var pid: Int32?
    /// The time as the log tells it, when it does.
    var time = ""
    /// Who wrote the line.
    var origin = LogOrigin.own
    /// Strangers may have written it: a line with text of their choice stands shortly before it.
    var isSuspect = false
    /// The poll before the one that found it: it was not there then. `nil` = found by the first poll.
    var after: BootTime?
    /// The poll that found it.
    var found = BootTime(boot: "unknown", ticks: 0)

    /// A zone of a link-local address is the host's own name for an interface; the kernel's list has none.
    var endpoint: String { "\(address.prefix { $0 != "%" }) \(port)" }
    var description: String { "\(time.isEmpty ? "" : time + " ")\(user) from \(address)" }
}

/// How a line came into the log, and with it whose word it is.
enum LogOrigin: Sendable, Hashable {
    /// The system's journal, which writes down itself which process said it.
    case journal
    /// sshd's own file (`sshd -E`), which nobody else writes to.
    case own
    /// A file of a syslog daemon, which everybody on the host can have lines written to.
    case syslog
}

/// What a line of sshd's log says. Lines hold names that strangers choose; only lines of exactly the expected form count.
enum LogLine: Hashable {
    /// Somebody went in.
    case login(Login)
    /// It speaks of a login and is not of the expected form, so that nobody can tell what it means.
    case unclear
    /// Of a form in which no word is a stranger's choice.
    case plain
    /// Everything else.
    case other

    /// Reads a line of a file.
    init(_ line: String) {
        guard let (time, pid, message) = Self.split(line) else {
            self = line.contains("Accepted ") && line.contains("sshd") ? .unclear : .other
            return
        }
        self.init(message: message)
        if case .login(var login) = self {
            (login.time, login.pid) = (time, pid)
            login.origin = pid == nil ? .own : .syslog
            self = .login(login)
        }
    }

    /// Reads what sshd said, without what a log puts before it.
    init(message: Substring) {
        let words = message.split(separator: " ", omittingEmptySubsequences: false)
        guard words.first == "Accepted", words.count > 2, words[2] == "for" else {
            self = Self.isPlain(message, words) ? .plain : .other
            return
        }
        // `Accepted publickey for deploy from 127.0.0.1 port 50312 ssh2: ED25519-CERT SHA256:… ID curfew:… (serial N) CA …`
        guard words.count >= 9, words[4] == "from", words[6] == "port", let port = UInt16(words[7]) else {
            self = .unclear
            return
        }
        var login = Login(user: words[3].shown, address: words[5].shown, port: Int(port))
        if let id = words.firstIndex(of: "ID") {
            guard words[1] == "publickey", words[8] == "ssh2:", id == 11, words[9].hasSuffix("-CERT") else {
                self = .unclear
                return
            }
            if words[12...].first?.hasPrefix("curfew:") == true {
                guard words.count >= 15, words[13] == "(serial", words[14].hasSuffix(")"),
                    let serial = UInt64(words[14].dropLast())
                else {
                    self = .unclear
                    return
                }
                login.certificate = Login.Certificate(serial: serial, identity: words[12].shown)
            }
        }
        self = .login(login)
    }

    /// Forms without a word that a stranger chooses. sshd does not escape line ends in its own log file (tried with 9.2: a key
    /// id with a line end in it makes a second line of any content), so that what stands behind any other line may be forged.
    private static func isPlain(_ message: Substring, _ words: [Substring]) -> Bool {
        let isSafe = message.utf8.allSatisfy { $0 > 0x1F && $0 != 0x7F }
        guard isSafe else { return false }
        let beginnings = [
            "Accepted key ", "Connection from ", "Server listening on ", "Starting session: command for ",
            "Starting session: shell on ", "Starting session: subsystem 'sftp' for ",
            "Starting session: forced-command (key-option) '",
        ]
        if beginnings.contains(where: { message.hasPrefix($0) }) { return true }
        switch words.first ?? "" {
        case "Accepted":
            // Written of certificates alone that a trusted authority has signed.
            return words.count > 6 && words[1] == "certificate" && words[2] == "ID" && words[3].hasPrefix("\"curfew:")
                && words[4] == "(serial" && words[6] == "signed"
        case "Connection":
            guard words.count > 3, ["closed", "reset"].contains(words[1]) else { return false }
            let rest = words.last == "[preauth]" ? words.count - 1 : words.count
            return rest == 6 || (rest == 9 && words[3] == "authenticating")
        case "Postponed": return words.count == 10 && words[1] == "publickey" && words[4] == "from"
        case "Failed":
            return words.count == 11 && words[1] == "publickey" && words[4] == "from" && words[8] == "ssh2:"
                && words[10].hasPrefix("SHA256:")
        case "Disconnected": return words.count == 7 && words[2] == "user"
        case "Close": return message.hasPrefix("Close session: user ") && words.count == 10
        case "User": return message.hasPrefix("User child is on pid ") && words.count == 6
        case "Received": return message.hasPrefix("Received signal ") || message.hasSuffix(":11: disconnected by user")
        case "Transferred:", "Closing": return true
        default: return false
        }
    }

    /// The time, the process and the message of a line; `nil` when it is not sshd's.
    private static func split(_ line: String) -> (time: String, pid: Int32?, message: Substring)? {
        let body = line.hasSuffix("\r") ? line.dropLast() : line[...]
        // Without anything before it: sshd's own file.
        guard hasPrefix(line) else { return ("", nil, body) }
        // The first `sshd[` of a line is the log's own: what strangers choose stands behind it.
        guard let name = body.firstRange(of: "sshd"), let colon = body[name.upperBound...].firstRange(of: ": ") else {
            return nil
        }
        var tag = body[name.upperBound..<colon.lowerBound]
        if tag.hasPrefix("-session") { tag = tag.dropFirst("-session".count) }
        guard tag.hasPrefix("["), tag.hasSuffix("]"), let pid = Int32(tag.dropFirst().dropLast()), pid > 1 else { return nil }
        let before = body[..<name.lowerBound]
        guard before.hasSuffix(" "), before.utf8.count <= 300 else { return nil }
        let words = before.split(separator: " ")
        // `2026-11-23T10:00:01.5+00:00 host ` or `Nov 23 10:00:01 host `.
        guard words.count == 2 || words.count == 4 else { return nil }
        return (words.dropLast().joined(separator: " ").escapingControls, pid, body[colon.upperBound...])
    }

    /// Whether a line begins with what a syslog daemon puts before a message: a time.
    static func hasPrefix(_ line: String) -> Bool {
        if line.hasPrefix("<") { return true }
        let words = line.prefix(64).split(separator: " ", maxSplits: 3)
        guard let first = words.first else { return false }
        if first.contains("T"), first.contains(":"), first.utf8.first.map({ (0x30...0x39).contains($0) }) == true {
            return true
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return words.count >= 3 && months.contains(String(first)) && UInt8(words[1]) != nil
            && words[2].split(separator: ":").count == 3
    }
}

extension Substring {
    fileprivate var shown: String { String(prefix(256)).escapingControls }
}
