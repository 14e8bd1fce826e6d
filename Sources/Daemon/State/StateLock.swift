import Foundation
public import Glibc

/// Makes one process the owner of a state folder. The kernel gives the lock back when the process dies, however it dies.
public final class StateLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    /// - Throws: ``DaemonError`` with code `locked`, naming the process that has it.
    public init(_ folder: StateFolder) throws {
        let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw DaemonError(.storage, operation: "open", subject: folder.lock, reason(errno))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(of: folder).map { "process \($0)" } ?? "another process"
            close(descriptor)
            throw DaemonError(
                .locked, operation: "lock", subject: folder.path,
                "\(owner) already runs Curfew on this state folder; stop it first, or give this one another `state:`")
        }
        self.descriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit { close(descriptor) }

    /// The process that holds the lock just now, `nil` when nobody does.
    public static func owner(of folder: StateFolder) -> pid_t? {
        let descriptor = open(folder.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return pid_t(String(decoding: bytes[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
