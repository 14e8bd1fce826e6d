import CProcess
import Glibc

/// Names a process for ever: a process id alone is given out again.
struct ProcessMark: Hashable, Sendable {
    /// Process id.
    var pid: Int32
    /// Start time in clock ticks since boot, field 22 of `/proc/PID/stat`.
    var started: UInt64
}

/// What `/proc` tells of processes.
enum ProcessTable {
    /// State letter, parent and start time; `nil` when there is no such process.
    static func status(of pid: Int32) -> (state: Character, parent: Int32, started: UInt64)? {
        guard pid > 0, let text = Files.text("/proc/\(pid)/stat", limit: 64 << 10), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let parent = Int32(fields[1]), let started = UInt64(fields[19])
        else { return nil }
        return (state, parent, started)
    }

    /// Whether the very process lives; one that has ended and was not reaped yet does not.
    static func isAlive(_ mark: ProcessMark) -> Bool {
        guard let status = status(of: mark.pid), status.started == mark.started else { return false }
        return status.state != "Z" && status.state != "X"
    }

    /// A descriptor of the very process, `nil` when it has gone.
    static func descriptor(of mark: ProcessMark) -> Descriptor? {
        let number = curfew_pidfd_open(mark.pid)
        guard number >= 0 else { return nil }
        let descriptor = Descriptor(owning: number)
        // Compared after opening: from now on the descriptor can mean no other process.
        guard status(of: mark.pid)?.started == mark.started else { return nil }
        return descriptor
    }

    /// The children of a process.
    static func children(of pid: Int32) -> [Int32] {
        if let text = Files.text("/proc/\(pid)/task/\(pid)/children", limit: 1 << 20) {
            return text.split(separator: " ").compactMap { Int32($0) }
        }
        return all().filter { status(of: $0)?.parent == pid }
    }

    /// The process's id in the innermost pid namespace that it is in.
    static func innerPID(of pid: Int32) -> Int32? {
        guard let text = Files.text("/proc/\(pid)/status", limit: 64 << 10) else { return nil }
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("NSpid:") }) else { return nil }
        return line.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap { Int32($0) }
    }

    /// Every process that has `path` open.
    static func holders(of path: String) -> [Int32] { all().filter { holds($0, path) } }

    /// Whether a process has `path` open.
    static func holds(_ pid: Int32, _ path: String) -> Bool {
        let names = (try? Files.names(in: "/proc/\(pid)/fd", for: "look at")) ?? nil
        return (names ?? []).contains { link("/proc/\(pid)/fd/\($0)") == path }
    }

    /// Where a symlink points.
    static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { readlink(path, $0.assumingMemoryBound(to: CChar.self), buffer.count) } ?? -1
        }
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func all() -> [Int32] {
        ((try? Files.names(in: "/proc", for: "look at")) ?? nil ?? []).compactMap { Int32($0) }
    }
}
