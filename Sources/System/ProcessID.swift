internal import CProcess
import Glibc

/// Names a process for ever: a process number alone is given out again.
public struct ProcessID: Sendable, Hashable, Codable {
    /// Its number.
    public var pid: Int32
    /// When it was started, in the kernel's ticks since the boot (field 22 of `/proc/PID/stat`).
    public var started: UInt64
    /// Names a process.
    public init(pid: Int32, started: UInt64) { (self.pid, self.started) = (pid, started) }

    /// The process that has this number now; `nil` when there is none.
    public init?(_ pid: Int32) {
        guard let facts = ProcessFacts(pid) else { return nil }
        self = facts.id
    }

    /// Whether it runs; one that has ended and only waits for its parent does not.
    public var isAlive: Bool { ProcessFacts(pid).map { $0.id == self && !$0.hasEnded } ?? false }

    /// Sends a signal to the very process and to no other that has got its number since. Whether it was sent.
    @discardableResult
    public func signal(_ signal: Int32) -> Bool {
        let descriptor = curfew_pidfd_open(pid)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Compared after opening: from now on the descriptor can mean no other process.
        return ProcessFacts(pid)?.id == self && curfew_pidfd_kill(descriptor, signal) == 0
    }
}
