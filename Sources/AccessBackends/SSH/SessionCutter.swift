import Foundation
import Glibc

/// Ends the sessions of a login: the server process that holds its connection, and everything that was started under it.
enum SessionCutter {
    /// Whether a process still holds the connection of this login.
    static func isAlive(_ login: Login) -> Bool { !holders(of: login).isEmpty }

    /// Ends it: politely, then for good. Blocks for at most two seconds.
    static func cut(_ login: Login) {
        let holders = holders(of: login)
        guard !holders.isEmpty else { return }
        // Collected before anything ends: afterwards children belong to init.
        let parents = Processes.parents()
        var victims = Set(holders)
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for (child, parent) in parents where victims.contains(parent) && !victims.contains(child) {
                victims.insert(child)
                isGrowing = true
            }
        }
        let marks = victims.map { ($0, Processes.started($0)) }
        for (pid, _) in marks { kill(pid, SIGTERM) }
        for _ in 0..<40 where marks.contains(where: { Processes.isRunning($0.0, since: $0.1) }) {
            var pause = timespec(tv_sec: 0, tv_nsec: 5_000_000)
            nanosleep(&pause, nil)
        }
        for (pid, start) in marks where Processes.isRunning(pid, since: start) { kill(pid, SIGKILL) }
    }

    /// sshd's processes of one connection: those that have its socket open, and are sshd.
    private static func holders(of login: Login) -> [pid_t] {
        let inodes = Processes.sockets(peer: login.address, port: login.port)
        guard !inodes.isEmpty else { return [] }
        return Processes.all().filter { pid in
            Processes.program(pid).map { $0.hasSuffix("/sshd") || $0.hasSuffix("/sshd-session") } ?? false
                && Processes.openSockets(pid).contains(where: inodes.contains)
        }
    }
}

/// What /proc tells.
enum Processes {
    static func all() -> [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    }

    static func program(_ pid: pid_t) -> String? {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")).map {
            $0.hasSuffix(" (deleted)") ? String($0.dropLast(" (deleted)".count)) : $0
        }
    }

    /// Child → parent.
    static func parents() -> [pid_t: pid_t] {
        var result: [pid_t: pid_t] = [:]
        for pid in all() { if let parent = fields(pid).flatMap({ $0.count > 1 ? pid_t($0[1]) : nil }) { result[pid] = parent } }
        return result
    }

    /// When it was started, in the kernel's ticks; tells two processes with one number apart.
    static func started(_ pid: pid_t) -> String? { fields(pid).flatMap { $0.count > 19 ? String($0[19]) : nil } }

    static func isRunning(_ pid: pid_t, since start: String?) -> Bool {
        guard let fields = fields(pid), fields.count > 19 else { return false }
        // A zombie has ended; only its parent has not noticed.
        return String(fields[19]) == start && fields[0] != "Z" && fields[0] != "X"
    }

    /// The fields of `stat` behind the name.
    private static func fields(_ pid: pid_t) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let end = text.lastIndex(of: ")")
        else {
            return nil
        }
        return text[text.index(after: end)...].split(separator: " ")
    }

    static func openSockets(_ pid: pid_t) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []).compactMap { number in
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(number)"),
                target.hasPrefix("socket:[")
            else { return nil }
            return String(target.dropFirst("socket:[".count).dropLast())
        }
    }

    /// Inodes of the established TCP connections whose other end is this one.
    static func sockets(peer address: String, port: Int) -> Set<String> {
        var result: Set<String> = []
        for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for line in ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").dropFirst() {
                let words = line.split(separator: " ")
                guard words.count > 9, words[3] == "01" else { continue }
                let remote = words[2].split(separator: ":")
                guard remote.count == 2, Int(remote[1], radix: 16) == port, text(of: String(remote[0])) == address else {
                    continue
                }
                result.insert(String(words[9]))
            }
        }
        return result
    }

    /// The kernel's hexadecimal words as an address; IPv4 in IPv6 as IPv4.
    private static func text(of hex: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Substring(hex)
        while rest.count >= 8, let word = UInt32(rest.prefix(8), radix: 16) {
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
