public import Glibc

/// What `/proc` tells of one process at one moment.
public struct ProcessFacts: Sendable, Hashable {
    /// Which one.
    public var id: ProcessID
    /// Its parent's number.
    public var parent: Int32
    /// The number of its process group.
    public var group: Int32
    /// The number of the process that opened its session.
    public var session: Int32
    /// It has ended and only waits to be reaped.
    public var hasEnded: Bool

    /// `nil` when there is no such process.
    public init?(_ pid: Int32) {
        guard let bytes = PlainFile.kernel("/proc/\(pid)/stat", limit: 4096) else { return nil }
        // The name stands in brackets and may hold any byte, so the last bracket counts.
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 19, let parent = Int32(fields[1]), let group = Int32(fields[2]), let session = Int32(fields[3]),
            let started = UInt64(fields[19])
        else { return nil }
        id = ProcessID(pid: pid, started: started)
        (self.parent, self.group, self.session) = (parent, group, session)
        hasEnded = fields[0] == "Z" || fields[0] == "X"
    }
}

/// All processes of this machine at one moment.
public enum Processes {
    /// By number; those that have ended are left out.
    public static func all() -> [Int32: ProcessFacts] {
        var result: [Int32: ProcessFacts] = [:]
        for name in PlainFile.names(in: "/proc") ?? [] {
            guard let pid = Int32(name), let facts = ProcessFacts(pid), !facts.hasEnded else { continue }
            result[pid] = facts
        }
        return result
    }

    /// These and everything below them: children of children, and whoever is in a session that one of them opened.
    public static func below(_ roots: Set<Int32>, in processes: [Int32: ProcessFacts]) -> Set<Int32> {
        var members = roots
        var isGrowing = !members.isEmpty
        while isGrowing {
            isGrowing = false
            for (pid, facts) in processes where !members.contains(pid) {
                guard members.contains(facts.parent) || members.contains(facts.session) else { continue }
                members.insert(pid)
                isGrowing = true
            }
        }
        return members
    }

    /// The argument vector; empty when it cannot be read.
    public static func arguments(of pid: Int32) -> [String] { words("/proc/\(pid)/cmdline") }

    /// The variables that it was started with; it may have changed them itself, so they are claims. Of a name that occurs twice
    /// the first counts, as for the C library.
    public static func environment(of pid: Int32) -> [String: String] {
        let pairs = words("/proc/\(pid)/environ").compactMap { word in
            word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The program's file, without the mark that it was replaced meanwhile; `nil` when the kernel does not say.
    public static func program(of pid: Int32) -> String? {
        guard let path = link("/proc/\(pid)/exe") else { return nil }
        return path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
    }

    /// Real and effective user.
    public static func users(of pid: Int32) -> (real: uid_t, effective: uid_t)? {
        guard let bytes = PlainFile.kernel("/proc/\(pid)/status", limit: 64 << 10) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("Uid:") }) else { return nil }
        let numbers = line.split(whereSeparator: \.isWhitespace).dropFirst().compactMap { uid_t($0) }
        return numbers.count >= 2 ? (numbers[0], numbers[1]) : nil
    }

    /// The number of the login session that the kernel's audit gave it (`/proc/PID/sessionid`): set once at login by PAM, kept by
    /// all descendants, and nothing that a process without CAP_AUDIT_CONTROL does changes it. `nil` = none.
    public static func loginSession(of pid: Int32) -> UInt32? { audit("/proc/\(pid)/sessionid") }

    /// The account that logged in (`/proc/PID/loginuid`), whatever it has become since. `nil` = none.
    public static func loginUser(of pid: Int32) -> uid_t? { audit("/proc/\(pid)/loginuid") }

    /// Its control group's path in each hierarchy, as `/proc/PID/cgroup` has them.
    public static func controlGroups(of pid: Int32) -> [String] {
        guard let bytes = PlainFile.kernel("/proc/\(pid)/cgroup") else { return [] }
        return bytes.split(separator: 10).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 ? String(decoding: fields[2], as: UTF8.self) : nil
        }
    }

    /// Names one of its namespaces: `mnt`, `pid`, `net`, `user`, …; `nil` when the kernel does not say.
    public static func namespace(_ kind: String, of pid: Int32) -> String? { link("/proc/\(pid)/ns/\(kind)") }

    /// What its open descriptors lead to: paths, `socket:[inode]`, `pipe:[inode]`.
    public static func descriptors(of pid: Int32) -> [String] {
        (PlainFile.names(in: "/proc/\(pid)/fd") ?? []).compactMap { link("/proc/\(pid)/fd/\($0)") }
    }

    private static func audit(_ path: String) -> UInt32? {
        guard let bytes = PlainFile.kernel(path, limit: 64),
            let number = UInt32(String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)), number != .max
        else { return nil }
        return number
    }

    private static func words(_ path: String) -> [String] {
        guard let bytes = PlainFile.kernel(path, limit: 4 << 20) else { return [] }
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        return bytes.last == 0 ? words.dropLast() : words
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = readlink(path, &buffer, 4096)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
