import CurfewDrivers
import Foundation
import Glibc

/// Small files of this backend, read and written with care. Calls block: they run on the backend's own queue.
enum Files {
    /// More than any record or trace has.
    static let limit = 4 << 20

    /// What `errno` says.
    static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DriverError(
                .storage, operation: "make folder", subject: path, "it cannot be made: \(error.localizedDescription)")
        }
        guard chmod(path, 0o700) == 0 else {
            throw DriverError(.storage, operation: "make folder", subject: path, reason())
        }
    }

    /// The names in a folder, sorted; `nil` when it cannot be read.
    static func names(in folder: String) -> [String]? {
        (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted()
    }

    /// A plain file of ours that nobody else can write; `nil` when there is none, with the reason why it is not taken.
    static func read(_ path: String) -> (bytes: Data?, problem: String?) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return (nil, errno == ENOENT ? nil : "it cannot be read: \(reason())") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
            return (nil, "it is no plain file of bounded size")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o7777 == 0o600, status.st_nlink == 1 else {
            return (nil, "its owner, rights or links are not as Curfew makes them")
        }
        var bytes = Data(count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return (nil, "it cannot be read to its end") }
            done += count
        }
        return (bytes, nil)
    }

    /// Replaces a file whole: a reader sees the old or the new one. On disk when this returns.
    static func write(_ data: Data, to path: String) throws {
        let temporary = path + "~"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("write", path) }
        var (done, isWritten) = (0, true)
        while done < data.count, isWritten {
            let count = data.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { isWritten = false } else { done += count }
        }
        isWritten = isWritten && fchmod(file, 0o600) == 0 && fsync(file) == 0
        let code = errno
        close(file)
        guard isWritten, rename(temporary, path) == 0 else {
            let failure = failure("write", path, isWritten ? errno : code)
            unlink(temporary)
            throw failure
        }
        sync(folder: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
    }

    /// Makes renames and removals in a folder outlive a power cut.
    static func sync(folder: String) {
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }

    static func failure(_ operation: String, _ path: String, _ code: Int32 = errno) -> DriverError {
        DriverError(
            .storage, operation: operation, subject: path, "\(reason(code)); look at its disk, its folder and its permissions")
    }
}
