import CurfewDrivers
import Foundation
import Glibc

/// Small private files that are there whole or not at all.
enum SmallFile {
    /// Writes it: temporary file, fsync, rename. Readable by the owner only unless `mode` says otherwise.
    static func replace(_ path: String, _ data: Data, mode: mode_t = 0o600, owner: (uid_t, gid_t)? = nil) throws {
        func failure(_ code: Int32) -> DriverError {
            DriverError(.storage, operation: "write", subject: path, String(cString: strerror(code)))
        }
        let fresh = path + ".new"
        unlink(fresh)
        let file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw failure(errno) }
        var problem: Int32 = 0
        data.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count, problem == 0 {
                let count = write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count >= 0 { done += count } else if errno != EINTR { problem = errno }
            }
        }
        if problem == 0, let owner, fchown(file, owner.0, owner.1) != 0 { problem = errno }
        if problem == 0, fchmod(file, mode) != 0 { problem = errno }
        if problem == 0, fsync(file) != 0 { problem = errno }
        close(file)
        if problem == 0, rename(fresh, path) != 0 { problem = errno }
        if problem != 0 {
            unlink(fresh)
            throw failure(problem)
        }
    }

    /// Makes a private folder and those above it.
    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DriverError(
                .storage, operation: "make folder", subject: path, "it cannot be made: \(String(cString: strerror(errno)))")
        }
    }
}
