import Glibc

/// Small files, read and written with care. Calls block: they run on the backend's own queue.
enum Files {
    enum Reading {
        case missing
        case failed(String)
        case value([UInt8], stat)
    }

    /// What `errno` says.
    static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

    /// The names in a folder, in no order; `nil` when it cannot be read.
    static func names(in folder: String) -> [String]? {
        guard let handle = opendir(folder) else { return nil }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// A regular file's bytes; a symlink, a pipe or more than `limit` bytes is a failure.
    static func read(_ path: String, limit: Int) -> Reading {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return errno == ENOENT ? .missing : .failed("it cannot be read: \(reason())") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .failed("it is not a plain file") }
        guard let bytes = drain(file, limit: limit) else {
            return .failed("it cannot be read, or has more than \(limit) bytes")
        }
        return .value(bytes, status)
    }

    /// Some bytes of a plain file; fewer when it is shorter, `nil` when it cannot be read.
    static func read(_ path: String, bytes range: Range<Int>) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < buffer.count {
            let place = off_t(range.lowerBound + done)
            let count = buffer[done...].withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, place) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            done += count
        }
        return Array(buffer[..<done])
    }

    /// What is left in a descriptor; `nil` when it fails or is more than `limit` bytes.
    static func drain(_ file: Int32, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0, bytes.count + count <= limit else { return nil }
            bytes += buffer[..<count]
        }
    }

    /// Text of `/proc`; `nil` when there is none.
    static func system(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return drain(file, limit: limit)
    }

    /// Makes a file that is not there yet, owned by this user and group 0 where that is root; `false` with `errno`.
    static func create(_ path: String, _ bytes: [UInt8], mode: mode_t, isDurable: Bool) -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { return false }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            done += count
        }
        let isWritten =
            done == bytes.count && fchmod(file, mode) == 0 && (geteuid() != 0 || fchown(file, 0, 0) == 0)
            && (!isDurable || fsync(file) == 0)
        let code = errno
        close(file)
        if !isWritten {
            unlink(path)
            errno = code
        }
        return isWritten
    }

    /// Makes renames and removals in a folder outlive a power cut.
    static func sync(folder: String) {
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }
}
