import CurfewModel
import Foundation
import Glibc

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

    var description: String { "\(time.isEmpty ? "" : time + " ")login as \(user) from \(address) port \(port)" }
}

/// sshd's log at `LogLevel VERBOSE`: who went in with which certificate. Its lines hold names that strangers choose; only
/// lines of exactly the expected form count.
struct AuthLog: Sendable {
    let path: String
    private var offset = 0
    private var inode: UInt64 = 0
    private var found: [Login] = []
    /// Most bytes of one look.
    private static let limit = 16 << 20

    init(path: String) { self.path = path }

    /// Logins by one certificate; `nil` when the log cannot be read.
    mutating func logins(serial: UInt64, grant: GrantID) -> [Login]? {
        guard read() else { return nil }
        return found.filter { $0.serial == serial && $0.identity == "curfew:\(grant)" }
    }

    /// All logins by certificates of grants.
    mutating func allLogins() -> [Login] {
        _ = read()
        return found
    }

    /// Reads on from where it was; a log that was rotated is read from its beginning.
    private mutating func read() -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { return false }
        if UInt64(status.st_ino) != inode || Int(status.st_size) < offset { (inode, offset) = (UInt64(status.st_ino), 0) }
        let end = Int(status.st_size)
        if end - offset > Self.limit { offset = end - Self.limit }
        guard end > offset else { return true }
        var bytes = [UInt8](repeating: 0, count: end - offset)
        let count = pread(file, &bytes, bytes.count, off_t(offset))
        guard count > 0, let last = bytes[..<count].lastIndex(of: 10) else { return count >= 0 }
        for line in bytes[...last].split(separator: 10) {
            if let login = Self.parse(String(decoding: line, as: UTF8.self)) { found.append(login) }
        }
        offset += last + 1
        if found.count > 100_000 { found.removeFirst(found.count - 100_000) }
        return true
    }

    /// `Accepted publickey for deploy from 127.0.0.1 port 50312 ssh2: ED25519-CERT SHA256:… ID curfew:… (serial N) CA …`
    static func parse(_ line: String) -> Login? {
        let phrase = "Accepted publickey for "
        guard let start = line.range(of: phrase) else { return nil }
        // What stands before is the log's own: a time, a host, `sshd[123]:`. A name chosen by a stranger cannot stand there.
        let before = line[..<start.lowerBound]
        guard !before.contains("for "), !before.contains("user ") else { return nil }
        let words = line[start.upperBound...].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 12, words[1] == "from", words[3] == "port", let port = Int(words[4]), words[5] == "ssh2:",
            words[6].hasSuffix("-CERT"), words[8] == "ID", words[9].hasPrefix("curfew:"), words[10] == "(serial",
            words[11].hasSuffix(")"), let serial = UInt64(words[11].dropLast())
        else { return nil }
        let time = before.split(separator: " ").first.map(String.init) ?? ""
        return Login(
            user: String(words[0]).escapingControls, address: String(words[2]).escapingControls, port: port, serial: serial,
            identity: String(words[9]), time: time.contains(":") && time.contains("-") ? time.escapingControls : "")
    }
}
