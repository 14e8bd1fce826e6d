import CurfewModel

/// One login with a certificate, as sshd logged it.
struct Login: Sendable, Hashable, CustomStringConvertible {
    var user: String
    var address: String
    var port: Int
    var serial: UInt64
    /// The key id of the certificate.
    var identity: String
    /// The time as the log tells it, when it does.
    var time: String

    var endpoint: String { "\(address) \(port)" }
    var description: String { "\(time.isEmpty ? "" : time + " ")\(user) from \(address)" }
}

/// What a line of sshd's log says. Lines hold names that strangers choose; only lines of exactly the expected form count.
enum LogLine: Hashable {
    /// A certificate of a grant went in.
    case login(Login)
    /// Somebody else came by this address and port: an earlier connection from there is over.
    case connection(endpoint: String)

    /// `Accepted publickey for deploy from 127.0.0.1 port 50312 ssh2: ED25519-CERT SHA256:… ID curfew:… (serial N) CA …` or
    /// `Connection from 127.0.0.1 port 50312 on …`, after nothing, or after what syslog puts before a message.
    init?(_ line: String) {
        guard let (time, message) = Self.split(line) else { return nil }
        let words = message.split(separator: " ", omittingEmptySubsequences: false)
        if words.count >= 5, words[0] == "Connection", words[1] == "from", words[3] == "port", let port = UInt16(words[4]) {
            self = .connection(endpoint: "\(words[2].escaped) \(port)")
            return
        }
        guard words.count >= 9, words[0] == "Accepted", words[2] == "for", words[4] == "from", words[6] == "port",
            let port = UInt16(words[7])
        else { return nil }
        guard words.count >= 15, words[1] == "publickey", words[8] == "ssh2:", words[9].hasSuffix("-CERT"), words[11] == "ID",
            words[12].hasPrefix("curfew:"), words[13] == "(serial", words[14].hasSuffix(")"),
            let serial = UInt64(words[14].dropLast())
        else {
            self = .connection(endpoint: "\(words[5].escaped) \(port)")
            return
        }
        self = .login(
            Login(
                user: words[3].escaped, address: words[5].escaped, port: Int(port), serial: serial, identity: words[12].escaped,
                time: time))
    }

    /// The time and the message of a line; `nil` when it is not sshd's.
    private static func split(_ line: String) -> (time: String, message: Substring)? {
        if line.hasPrefix("Accepted ") || line.hasPrefix("Connection from ") { return ("", line[...]) }
        // The first `sshd[` of a line is the log's own: what strangers choose stands behind it.
        guard let name = line.firstRange(of: "sshd"), let colon = line[name.upperBound...].firstRange(of: ": ") else {
            return nil
        }
        var tag = line[name.upperBound..<colon.lowerBound]
        if tag.hasPrefix("-session") { tag = tag.dropFirst("-session".count) }
        guard tag.hasPrefix("["), tag.hasSuffix("]"), UInt32(tag.dropFirst().dropLast()) != nil else { return nil }
        let before = line[..<name.lowerBound]
        guard before.hasSuffix(" "), before.utf8.count <= 300 else { return nil }
        let words = before.split(separator: " ")
        // `2026-11-23T10:00:01.5+00:00 host ` or `Nov 23 10:00:01 host `.
        let time = words.first.map { $0.contains("T") && $0.contains(":") ? "\($0)" : words.prefix(3).joined(separator: " ") }
        return ((time ?? "").escapingControls, line[colon.upperBound...])
    }
}

extension Substring {
    fileprivate var escaped: String { String(prefix(256)).escapingControls }
}
