import Glibc

/// One process, for ever: a pid alone is given to others after its end, a pid with its start time is not.
struct ProcessIdentity: Sendable, Hashable {
    var pid: Int32
    /// Clock ticks since the machine started, as in field 22 of `/proc/<pid>/stat`.
    var startTime: UInt64

    /// The live process of that pid; `nil` when there is none or it has ended and only waits to be reaped.
    init?(pid: Int32) {
        guard let fields = Self.fields(pid), fields.state != "Z", fields.state != "X" else { return nil }
        (self.pid, startTime) = (pid, fields.startTime)
    }

    /// The parent's pid.
    var parent: Int32? { Self.fields(pid)?.parent }

    /// Whether it is an HAProxy master or worker that was started for `layout` by this user.
    /// A pid file is only a hint: whoever runs under that pid has to carry our own configuration in its arguments.
    func isOurs(_ layout: Layout) -> Bool {
        var status = stat()
        guard stat("/proc/\(pid)", &status) == 0, status.st_uid == geteuid(),
            let text = Files.read("/proc/\(pid)/cmdline", limit: 1 << 16)
        else { return false }
        let arguments = text.split(separator: "\0", omittingEmptySubsequences: false)
        guard let flag = arguments.firstIndex(of: "-f"), flag + 1 < arguments.count, arguments.contains("-W") else {
            return false
        }
        return arguments[flag + 1] == layout.configuration
    }

    /// The edge's master: by its pid file, else (the file is lost or lies) by looking through all processes.
    static func findMaster(_ layout: Layout) -> ProcessIdentity? {
        if let text = Files.read(layout.pidFile, limit: 32)?.split(separator: "\n").first, let pid = Int32(text), pid > 1,
            let found = ProcessIdentity(pid: pid), found.isOurs(layout), !isWorker(found, layout)
        {
            return found
        }
        for pid in allPids() {
            if let found = ProcessIdentity(pid: pid), found.isOurs(layout), !isWorker(found, layout) { return found }
        }
        return nil
    }

    /// Workers carry the same arguments as their master, and are its children.
    private static func isWorker(_ identity: ProcessIdentity, _ layout: Layout) -> Bool {
        guard let parent = identity.parent, let above = ProcessIdentity(pid: parent) else { return false }
        return above.isOurs(layout)
    }

    /// Every pid of this machine.
    static func allPids() -> [Int32] { Files.names(in: "/proc").compactMap { Int32($0) } }

    private static func fields(_ pid: Int32) -> (state: Substring, parent: Int32, startTime: UInt64)? {
        // The command stands in parentheses and may itself hold any character, so the last one counts.
        guard let text = Files.read("/proc/\(pid)/stat", limit: 4096), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]), let startTime = UInt64(fields[19]) else { return nil }
        return (fields[0], parent, startTime)
    }
}
