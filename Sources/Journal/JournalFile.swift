internal import CurfewModel
internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#endif

/// What is known about a journal's file without opening it as a database.
struct JournalFile: Equatable {
    var device: UInt64
    var inode: UInt64
    /// In bytes. SQLite never shrinks a database that is not vacuumed, so a smaller one was cut.
    var size: Int64

    /// Looks at `path`; `nil` when nothing is there.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (device, inode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
    }

    /// Whether both are one file, whatever its size.
    func isSame(as other: JournalFile?) -> Bool { other?.device == device && other?.inode == inode }

    /// Whether `other`, seen later at the same path, is the same file with nothing cut off.
    func continues(in other: JournalFile?) -> Bool {
        guard let other else { return false }
        return isSame(as: other) && other.size >= size
    }

    /// Creates an empty file that only its owner can read; SQLite gives its companions the same mode.
    static func create(_ path: String) throws(JournalError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 || errno == EEXIST else {
            throw JournalError(.storage, operation: "create", subject: path, String(cString: strerror(errno)))
        }
        if descriptor >= 0 { close(descriptor) }
    }

    /// Removes the write-ahead log and its index.
    static func removeLog(of path: String) {
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    }

    /// Renames the database and its companions to `<path>.damaged-<ms>…`, where `sqlite3` can still open it.
    /// Returns the new path of the database.
    static func moveAside(_ path: String) throws(JournalError) -> String {
        var moment = Instant.wallClock.milliseconds
        while JournalFile("\(path).damaged-\(moment)") != nil { moment += 1 }
        let target = "\(path).damaged-\(moment)"
        // The companions first: a write-ahead log that stays behind would be replayed into the new database.
        for suffix in ["-wal", "-shm", ""] {
            guard rename(path + suffix, target + suffix) == 0 || errno == ENOENT else {
                throw JournalError(.storage, operation: "move aside", subject: path + suffix, String(cString: strerror(errno)))
            }
        }
        return target
    }
}

extension Instant {
    /// Now. The journal's own entries are the only ones that it dates itself.
    static var wallClock: Instant {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Instant(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }
}
