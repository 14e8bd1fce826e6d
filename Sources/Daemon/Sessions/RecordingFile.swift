import Crypto
import Glibc

/// A recording on disk.
public enum RecordingFile {
    /// SHA-256 of a file as the journal tells it, 64 hexadecimal digits; `nil` when it cannot be read. Blocks.
    public static func digest(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { Glibc.close(file) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            hash.update(data: buffer[..<count])
        }
        return hash.finalize().hexadecimalDigits
    }

    /// Ends what a kill has left: cuts off a half-written last line, gives the file its name. Blocks.
    /// - Returns: the digest and size of the file; `nil` when it cannot be kept.
    static func close(part path: String) -> Recording.Finished? {
        let file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer { Glibc.close(file) }
        let size = lseek(file, 0, SEEK_END)
        var whole = size
        var byte: UInt8 = 0
        // A line has less than 300 KiB; a file without any line is left as it is.
        while whole > 0, size - whole < 1 << 20, pread(file, &byte, 1, whole - 1) == 1, byte != 0x0A { whole -= 1 }
        if whole > 0, whole < size, byte == 0x0A { ftruncate(file, whole) }
        fsync(file)
        let name = path.hasSuffix(".part") ? String(path.dropLast(5)) : path
        guard rename(path, name) == 0, let digest = digest(of: name) else { return nil }
        return Recording.Finished(digest: digest, bytes: Int(lseek(file, 0, SEEK_END)))
    }
}
