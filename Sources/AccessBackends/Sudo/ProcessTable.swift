import CProcess
import Glibc

/// Names a process for ever: a process id alone is given out again.
struct ProcessMark: Hashable, Sendable {
    var pid: Int32
    /// Clock ticks since the boot, field 22 of `/proc/PID/stat`.
    var started: UInt64
}

/// What `/proc` tells of processes.
enum ProcessTable {
    struct Entry: Sendable {
        var mark: ProcessMark
        var parent: Int32
        /// It has ended and only waits to be reaped.
        var isDead: Bool
    }

    /// Every process.
    static func all() -> [Int32: Entry] {
        let pids = (Files.names(in: "/proc") ?? []).compactMap { Int32($0) }
        return Dictionary(uniqueKeysWithValues: pids.compactMap { pid in entry(pid).map { (pid, $0) } })
    }

    static func entry(_ pid: Int32) -> Entry? {
        guard let bytes = Files.system("/proc/\(pid)/stat", limit: 64 << 10) else { return nil }
        // The name stands in brackets and may hold any character, so the last bracket counts.
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]), let started = UInt64(fields[19]) else { return nil }
        return Entry(
            mark: ProcessMark(pid: pid, started: started), parent: parent, isDead: fields[0] == "Z" || fields[0] == "X")
    }

    static func isAlive(_ mark: ProcessMark) -> Bool {
        entry(mark.pid).map { $0.mark == mark && !$0.isDead } ?? false
    }

    /// Real and effective user.
    static func users(of pid: Int32) -> (real: uid_t, effective: uid_t)? {
        guard let bytes = Files.system("/proc/\(pid)/status", limit: 64 << 10) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("Uid:") }) else { return nil }
        let numbers = line.split(whereSeparator: \.isWhitespace).dropFirst().compactMap { uid_t($0) }
        return numbers.count >= 2 ? (numbers[0], numbers[1]) : nil
    }

    /// The program's file; without the mark that it was replaced meanwhile.
    static func program(of pid: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { readlink("/proc/\(pid)/exe", $0.assumingMemoryBound(to: CChar.self), buffer.count) } ?? -1
        }
        guard count > 0 else { return nil }
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        return text.hasSuffix(" (deleted)") ? String(text.dropLast(10)) : text
    }

    /// The argument vector.
    static func words(of pid: Int32) -> [String] { parts("/proc/\(pid)/cmdline") }

    /// Some variables of the environment that it was started with.
    static func variables(of pid: Int32, beginningWith prefix: String) -> [String: String] {
        var result: [String: String] = [:]
        for part in parts("/proc/\(pid)/environ") where part.hasPrefix(prefix) {
            guard let equals = part.firstIndex(of: "=") else { continue }
            result[String(part[..<equals])] = String(part[part.index(after: equals)...])
        }
        return result
    }

    private static func parts(_ path: String) -> [String] {
        guard let bytes = Files.system(path, limit: 4 << 20) else { return [] }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
            .dropLast(bytes.last == 0 ? 1 : 0)
    }

    /// Sends a signal to the very process and to no other that has got its number since.
    static func signal(_ mark: ProcessMark, _ signal: Int32) {
        let descriptor = curfew_pidfd_open(mark.pid)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Compared after opening: from now on the descriptor can mean no other process.
        if entry(mark.pid)?.mark == mark { _ = curfew_pidfd_kill(descriptor, signal) }
    }
}

/// Accounts of this machine.
enum Accounts {
    /// The account's uid; `nil` when there is no such account.
    static func user(of account: String) -> uid_t? {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        guard getpwnam_r(account, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.pw_uid
    }
}
