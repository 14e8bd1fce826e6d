import CurfewSystem
import Glibc

/// Reads a log file on from where it was, through rotations, in bounded parts.
struct LogTail: Sendable {
    let path: String
    private var offset = 0
    private var inode: UInt64 = 0
    /// What was read last, to notice that a file was emptied in place and filled again.
    private var last: [UInt8] = []
    /// Most bytes of one poll.
    static let limit = 16 << 20
    private static let longestLine = 8192

    /// What one poll found.
    struct Part {
        /// Without their ends; of a long one the beginning, and what is no UTF-8 replaced.
        var lines: [String] = []
        /// Whether something may be missing before these lines.
        var hasGap = false
    }

    init(path: String) { self.path = path }

    /// `nil` when it cannot be read.
    mutating func next() -> Part? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var part = Part()
        let size = Int(status.st_size)
        if UInt64(status.st_ino) != inode {
            if inode != 0, !readRest(of: path + ".1", &part) { part.hasGap = true }
            (inode, offset, last) = (UInt64(status.st_ino), 0, [])
        } else if size < offset || !isContinued(file) {
            // Emptied in place: what was written between the last poll and that is lost.
            (offset, last, part.hasGap) = (0, [], true)
        }
        guard read(file, size: size, &part) else { return nil }
        return part
    }

    private func isContinued(_ file: Int32) -> Bool {
        guard !last.isEmpty else { return true }
        var bytes = [UInt8](repeating: 0, count: last.count)
        return pread(file, &bytes, bytes.count, off_t(offset - last.count)) == last.count && bytes == last
    }

    /// What was logged between the last poll and the rotation; `false` when that file is not there.
    private mutating func readRest(of old: String, _ part: inout Part) -> Bool {
        let file = open(old, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, UInt64(status.st_ino) == inode else { return false }
        return read(file, size: Int(status.st_size), &part)
    }

    private mutating func read(_ file: Int32, size: Int, _ part: inout Part) -> Bool {
        var isCut = false
        if size - offset > Self.limit { (offset, isCut, part.hasGap) = (size - Self.limit, true, true) }
        guard size > offset else { return true }
        var bytes = [UInt8](repeating: 0, count: size - offset)
        let count = pread(file, &bytes, bytes.count, off_t(offset))
        guard count >= 0 else { return false }
        guard let end = bytes[..<count].lastIndex(of: 10) else {
            // A line without an end that fills everything that may be read.
            if count >= Self.limit { (offset, part.hasGap) = (offset + count, true) }
            return true
        }
        // The rest of a line whose beginning is not there could pretend to be anything.
        let first = isCut ? (bytes[...end].firstIndex(of: 10) ?? end) + 1 : 0
        if first <= end {
            for line in bytes[first...end].split(separator: 10) {
                part.lines.append(String(decoding: line.prefix(Self.longestLine), as: UTF8.self))
            }
        }
        offset += end + 1
        last = Array(bytes[max(0, end - 63)...end])
        return true
    }
}
