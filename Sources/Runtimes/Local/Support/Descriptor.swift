import Glibc

/// Owns one file descriptor and closes it when the last reference goes.
final class Descriptor: Sendable {
    let number: Int32

    /// Takes over an open descriptor.
    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens `path`, closed on exec, never following a symlink in the last component.
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o600, for operation: String) throws -> Descriptor {
        let number = Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode)
        guard number >= 0 else { throw failure(operation, path, errno) }
        return Descriptor(owning: number)
    }

    /// Writes all the bytes.
    func write(_ bytes: UnsafeRawBufferPointer, for operation: String, _ subject: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(number, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(operation, subject, errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Reads at most `into.count` bytes; 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, for operation: String, _ subject: String) throws -> Int {
        while true {
            let count = Glibc.read(number, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw failure(operation, subject, errno) }
        }
    }

    /// Locks the open file without waiting; `false` when somebody else holds it.
    func lock(exclusively: Bool) -> Bool { flock(number, (exclusively ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 }
}
