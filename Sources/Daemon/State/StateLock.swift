import CurfewSystem
import Foundation
public import Glibc

/// Makes one process the owner of a state folder. The kernel gives the lock back when the process dies, however it dies.
///
/// The file is this account's alone: whoever may open a file for reading may lock it, and would keep the service from starting.
public final class StateLock: Sendable {
    private let descriptor: Int32
    /// How long others may hold it who only ask who owns the folder.
    private static let patience = Duration.milliseconds(500)

    /// Takes the lock.
    /// - Throws: ``DaemonError`` with code `locked`, naming the process that has it.
    public init(_ folder: StateFolder) throws {
        let descriptor = try Self.open(folder.lock)
        let end = ContinuousClock.now + Self.patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if ContinuousClock.now < end {
                usleep(10_000)
                continue
            }
            let holder = Self.describeHolder(descriptor)
            close(descriptor)
            throw DaemonError(.locked, operation: "lock", subject: folder.path, holder)
        }
        self.descriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit { close(descriptor) }

    /// The process that holds the lock just now; `nil` when none does, or this account may not know.
    public static func owner(of folder: StateFolder) -> pid_t? {
        let descriptor = Glibc.open(folder.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        return written(descriptor)
    }

    /// A plain file of this account without another name, and nobody else's to open.
    private static func open(_ path: String) throws -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            throw DaemonError(.storage, operation: "open", subject: path, reason(errno))
        }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_nlink == 1,
            geteuid() == 0 || info.st_uid == geteuid(),
            fchmod(descriptor, 0o600) == 0
        else {
            close(descriptor)
            throw DaemonError(
                .storage, operation: "open", subject: path,
                "it is no plain file of this account; remove it while no daemon runs")
        }
        return descriptor
    }

    private static func written(_ descriptor: Int32) -> pid_t? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return pid_t(String(decoding: bytes[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func describeHolder(_ descriptor: Int32) -> String {
        let (named, holder) = (written(descriptor), holder(descriptor))
        if let holder, holder != named, let users = Processes.users(of: holder) {
            let program = Processes.program(of: holder).map { " (\($0.escapingControls))" } ?? ""
            return
                "process \(holder)\(program) of uid \(users.real) holds its lock and is no daemon of Curfew; end that process"
        }
        let owner = (holder ?? named).map { "process \($0)" } ?? "another process"
        return "\(owner) already runs Curfew on this state folder; stop it first, or give this one another `state:`"
    }

    /// Who has the lock in the kernel's own list, whatever the file says.
    private static func holder(_ descriptor: Int32) -> pid_t? {
        var info = stat()
        guard fstat(descriptor, &info) == 0, let bytes = PlainFile.kernel("/proc/locks", limit: 4 << 20) else { return nil }
        for line in bytes.split(separator: 10) {
            // `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`; one that waits has `->` behind the number.
            let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            guard words.count > 5, words[1] == "FLOCK", words[5].split(separator: ":").last == "\(info.st_ino)" else {
                continue
            }
            // The kernel names who took it; a lock lives as long as anybody has that very file open, a child too.
            guard let taker = pid_t(words[4]) else { return nil }
            return ProcessID(taker) == nil ? user(of: descriptor) : taker
        }
        return nil
    }

    /// Some other process that has the file open.
    private static func user(of descriptor: Int32) -> pid_t? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = readlink("/proc/self/fd/\(descriptor)", &buffer, 4096)
        guard count > 0 else { return nil }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Processes.all().keys.first { $0 != getpid() && Processes.descriptors(of: $0).contains(path) }
    }
}
