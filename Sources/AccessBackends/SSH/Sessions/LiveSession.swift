import CurfewSystem
import Glibc

/// A connection that sshd serves just now: the server's own process, which belongs to root.
struct LiveSession: Sendable, Hashable {
    var process: ProcessID
    /// `address port` of the clients at its sockets.
    var endpoints: Set<String>
    /// The users of what runs below it: who is logged in.
    var users: Set<uid_t>
    /// The audit's numbers of its login session, and its scope's control group, where the machine has them.
    var audit: Set<UInt32>
    var scopes: Set<String>

    /// All of them.
    static func all(in processes: [Int32: ProcessFacts]) -> [LiveSession] {
        let servers = processes.keys.filter(isServer)
        guard !servers.isEmpty else { return [] }
        let sockets = Connections.established()
        return servers.compactMap { pid in
            guard let facts = processes[pid] else { return nil }
            let endpoints = Set(
                Processes.descriptors(of: pid).compactMap { name -> String? in
                    name.hasPrefix("socket:[") ? sockets[String(name.dropFirst(8).dropLast())] : nil
                })
            guard !endpoints.isEmpty else { return nil }
            let members = Processes.below([pid], in: processes)
            // Those that a forged name stands for are left out: sshd's own processes before a login have no user's id.
            let users = members.compactMap { Processes.users(of: $0)?.real }
            let session = LiveSession(
                process: facts.id, endpoints: endpoints, users: Set(users),
                audit: Set(members.compactMap { Processes.loginSession(of: $0) }),
                scopes: Set(members.compactMap { scope(of: $0) }))
            return facts.id.isAlive ? session : nil
        }
    }

    /// Whether it is OpenSSH's server, run by root. The program's file tells, since anybody can give a process another name.
    static func isServer(_ pid: Int32) -> Bool {
        guard let program = Processes.program(of: pid), program.hasSuffix("/sshd") || program.hasSuffix("/sshd-session"),
            let users = Processes.users(of: pid)
        else { return false }
        return users.real == 0 && users.effective == 0
    }

    /// The scope of a login session that systemd made.
    static func scope(of pid: Int32) -> String? {
        Processes.controlGroups(of: pid).first { path in
            let name = path.split(separator: "/").last ?? ""
            return name.hasPrefix("session-") && name.hasSuffix(".scope")
        }
    }
}

/// Established TCP connections of this machine.
enum Connections {
    /// Inode → `address port` of the other end.
    static func established() -> [String: String] {
        var result: [String: String] = [:]
        for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
            let text = String(decoding: PlainFile.kernel(file, limit: 64 << 20) ?? [], as: UTF8.self)
            for line in text.split(separator: "\n").dropFirst() {
                let words = line.split(separator: " ")
                guard words.count > 9, words[3] == "01" else { continue }
                let remote = words[2].split(separator: ":")
                guard remote.count == 2, let port = UInt16(remote[1], radix: 16), let address = shown(remote[0]) else {
                    continue
                }
                result[String(words[9])] = "\(address) \(port)"
            }
        }
        return result
    }

    /// The kernel's hexadecimal words as an address; IPv4 in IPv6 as IPv4.
    private static func shown(_ hex: Substring) -> String? {
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
}
