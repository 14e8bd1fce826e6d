import Foundation
import Glibc

/// What /proc tells of a process.
struct ProcessFacts: Sendable {
    var parent: pid_t
    /// The number of the process that opened its session.
    var session: pid_t
    /// In the kernel's ticks since it was started.
    var started: String
    /// Whether it has ended and only its parent has not noticed.
    var isZombie: Bool

    /// All processes that have not ended.
    static func all() -> [pid_t: ProcessFacts] {
        var result: [pid_t: ProcessFacts] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = pid_t(name), let facts = ProcessFacts(pid), !facts.isZombie else { continue }
            result[pid] = facts
        }
        return result
    }

    init?(_ pid: pid_t) {
        guard let text = Self.read("/proc/\(pid)/stat", limit: 4096), let end = text.lastIndex(of: ")") else { return nil }
        // The fields behind the name, which may hold anything.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = pid_t(fields[1]), let session = pid_t(fields[3]) else { return nil }
        (self.parent, self.session, started) = (parent, session, String(fields[19]))
        isZombie = fields[0] == "Z" || fields[0] == "X"
    }

    static func isRunning(_ mark: SessionCutter.Mark) -> Bool {
        ProcessFacts(mark.pid).map { $0.started == mark.started && !$0.isZombie } ?? false
    }

    /// Whether its program is OpenSSH's server.
    static func isServer(_ pid: pid_t) -> Bool {
        guard var program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe") else { return false }
        // After an upgrade, while the old one still runs.
        if program.hasSuffix(" (deleted)") { program.removeLast(" (deleted)".count) }
        return program.hasSuffix("/sshd") || program.hasSuffix("/sshd-session")
    }

    /// Whether it has one of these sockets open, by inode.
    static func holds(_ pid: pid_t, anyOf inodes: Set<String>) -> Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []).contains { number in
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(number)"),
                target.hasPrefix("socket:[")
            else { return false }
            return inodes.contains(String(target.dropFirst("socket:[".count).dropLast()))
        }
    }

    static func user(_ pid: pid_t) -> uid_t? {
        var status = stat()
        return stat("/proc/\(pid)", &status) == 0 ? status.st_uid : nil
    }

    /// `address port` of the client whose session started it, as its environment says.
    static func connection(_ pid: pid_t) -> String? {
        guard let text = read("/proc/\(pid)/environ", limit: 256 << 10) else { return nil }
        let name = "SSH_CONNECTION="
        guard let entry = text.split(separator: "\0").first(where: { $0.hasPrefix(name) }) else { return nil }
        let words = entry.dropFirst(name.count).split(separator: " ")
        return words.count == 4 ? "\(words[0]) \(words[1])" : nil
    }

    /// Inodes of the established TCP connections whose other end is one of these (`address port`).
    static func sockets(of endpoints: Set<String>) -> Set<String> {
        var result: Set<String> = []
        for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for line in (read(file, limit: 64 << 20) ?? "").split(separator: "\n").dropFirst() {
                let words = line.split(separator: " ")
                guard words.count > 9, words[3] == "01" else { continue }
                let remote = words[2].split(separator: ":")
                guard remote.count == 2, let port = UInt16(remote[1], radix: 16), let address = text(of: remote[0]),
                    endpoints.contains("\(address) \(port)")
                else { continue }
                result.insert(String(words[9]))
            }
        }
        return result
    }

    /// The kernel's hexadecimal words as an address; IPv4 in IPv6 as IPv4.
    private static func text(of hex: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = hex
        while rest.utf8.count >= 8, let word = UInt32(rest.prefix(8), radix: 16) {
            withUnsafeBytes(of: word) { bytes += $0 }
            rest = rest.dropFirst(8)
        }
        if bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            bytes = Array(bytes[12...])
        }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard bytes.count == 4 || bytes.count == 16,
            inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count)) != nil
        else { return nil }
        return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
    }

    /// A file of /proc, whose size the kernel does not tell beforehand.
    private static func read(_ path: String, limit: Int) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < limit {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
