import CurfewDrivers
import Glibc

/// One instance's log. The instance writes to it itself and keeps it open, so that it is rotated by copying and
/// cutting: the file is opened for appending, and the next line stands at its beginning.
enum LogFile {
    /// Copies a file over `limit` bytes to `.1` (older ones move up, at most `files` are kept) and empties it.
    static func rotate(_ path: String, limit: Int64, files: Int) throws {
        let file = try Descriptor.open(path, O_RDWR, for: "rotate log")
        var info = stat()
        guard fstat(file.number, &info) == 0, Int64(info.st_size) > limit else { return }
        unlink("\(path).\(max(1, files - 1))")
        if files > 1 {
            for number in stride(from: files - 2, through: 1, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
            // A disk that is full must not keep the log from being cut: then the old lines are lost.
            try? copy(file, to: path + ".1", most: limit)
        }
        guard ftruncate(file.number, 0) == 0 else { throw failure("rotate log", path, errno) }
    }

    /// The end of a log is worth more than its beginning.
    private static func copy(_ file: Descriptor, to path: String, most: Int64) throws {
        let copy = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600, for: "rotate log")
        let size = lseek(file.number, 0, SEEK_END)
        lseek(file.number, max(0, size - off_t(most)), SEEK_SET)
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var copied: Int64 = 0
        // Bounded: the instance may be writing as fast as we read.
        while copied < 2 * most {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, for: "rotate log", path) }
            if count == 0 { return }
            copied += Int64(count)
            try buffer.withUnsafeBytes {
                try copy.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), for: "rotate log", path)
            }
        }
    }

    /// The last `lines` lines within the last `bytes` bytes.
    static func tail(_ path: String, bytes: Int, lines: Int) throws -> [String] {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return [] }
        let file = Descriptor(owning: number)
        let size = lseek(file.number, 0, SEEK_END)
        let start = max(0, size - off_t(bytes))
        lseek(file.number, start, SEEK_SET)
        var content = [UInt8](repeating: 0, count: Int(size - start))
        var used = 0
        while used < content.count {
            let count = try content.withUnsafeMutableBytes {
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[used...]), for: "read log", path)
            }
            if count == 0 { break }
            used += count
        }
        var found = content[..<used].split(separator: 10, omittingEmptySubsequences: false)
        if found.last?.isEmpty == true { found.removeLast() }
        return found.suffix(max(0, lines)).map { String(decoding: $0.prefix(4096), as: UTF8.self) }
    }
}
