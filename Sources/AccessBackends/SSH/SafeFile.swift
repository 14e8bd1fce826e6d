import CurfewDrivers
import Foundation
import Glibc

/// Files that are there whole or not at all.
enum SafeFile {
    /// - Parameter isDurable: whether it has to survive a power cut; costs some milliseconds.
    static func write(_ data: Data, to path: String, mode: mode_t, isDurable: Bool = true) throws {
        let temporary = "\(path).tmp"
        unlink(temporary)
        let file = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw problem(path) }
        var done = 0
        let isWritten = data.withUnsafeBytes { bytes in
            while done < bytes.count {
                let count = Glibc.write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0, errno != EINTR { return false }
                if count > 0 { done += count }
            }
            return true
        }
        let isSafe = isWritten && fchmod(file, mode) == 0 && (!isDurable || fsync(file) == 0)
        close(file)
        guard isSafe, rename(temporary, path) == 0 else {
            let error = problem(path)
            unlink(temporary)
            throw error
        }
        if isDurable { syncFolder(of: path) }
    }

    /// Makes the last rename in a file's folder survive a power cut.
    static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The text of a plain file of at most 1 MiB; `nil` for anything else. Never waits, as a pipe would make it.
    static func text(_ path: String) -> String? {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 20 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            done += count
        }
        return String(decoding: bytes[..<done], as: UTF8.self)
    }

    private static func problem(_ path: String) -> DriverError {
        DriverError(.storage, operation: "write", subject: path, String(cString: strerror(errno)))
    }
}
