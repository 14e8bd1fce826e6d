public import Glibc

/// Reads files that others may have put there: a symlink, a pipe or a device is refused and never waited for.
public enum PlainFile {
    /// The bytes of a plain file; `nil` when there is nothing at the path.
    /// - Parameter limit: most bytes; looked at before anything is read.
    /// - Throws: ``SystemError`` `unmanaged` for anything but a plain file, `tooLarge`, `storage`.
    public static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8]? {
        try readWithStatus(path, limit: limit)?.bytes
    }

    /// The same with what the file system says of the very file that was read: owner, mode, time.
    public static func readWithStatus(_ path: String, limit: Int) throws(SystemError) -> (bytes: [UInt8], status: stat)? {
        try read(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), path, limit: limit)
    }

    /// The same for a path that need not be UTF-8.
    public static func read(_ path: [UInt8], limit: Int) throws(SystemError) -> [UInt8]? {
        let file = path.withCPath { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        return try read(file, String(decoding: path, as: UTF8.self), limit: limit)?.bytes
    }

    private static func read(_ file: Int32, _ path: String, limit: Int) throws(SystemError) -> (bytes: [UInt8], status: stat)? {
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            if errno == ELOOP { throw notPlain(path, "it is a symbolic link") }
            throw .last("read", path)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .last("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw notPlain(path, "it is no plain file") }
        guard status.st_size <= limit else { throw tooLarge(path, limit) }
        return (try drain(file, path, limit: limit, expecting: Int(status.st_size)), status)
    }

    /// A file of `/proc` or `/sys`, whose size the kernel does not tell beforehand; `nil` when it cannot be read. What is
    /// beyond `limit` is left out.
    public static func kernel(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        while bytes.count < limit, let part = next(file, min(16 << 10, limit - bytes.count)) {
            if part.isEmpty { return bytes }
            bytes += part
        }
        return bytes
    }

    /// The names in a folder, in no order; `nil` when it cannot be read.
    public static func names(in folder: String) -> [String]? {
        rawNames(in: Array(folder.utf8))?.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The same as bytes, which need not be UTF-8.
    public static func rawNames(in folder: [UInt8]) -> [[UInt8]]? {
        guard let handle = folder.withCPath({ opendir($0) }) else { return nil }
        defer { closedir(handle) }
        var names: [[UInt8]] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
        return names
    }

    private static func drain(_ file: Int32, _ path: String, limit: Int, expecting size: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        while true {
            guard let part = next(file, 64 << 10) else { throw .last("read", path) }
            if part.isEmpty { return bytes }
            // It may grow while it is read.
            guard bytes.count + part.count <= limit else { throw tooLarge(path, limit) }
            bytes += part
        }
    }

    /// At most `count` bytes; empty at the end, `nil` with `errno` on failure.
    static func next(_ file: Int32, _ count: Int) -> [UInt8]? {
        while true {
            var got = 0
            let part = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                got = Glibc.read(file, buffer.baseAddress, count)
                filled = max(0, got)
            }
            if got >= 0 { return part }
            if errno != EINTR { return nil }
        }
    }

    private static func tooLarge(_ path: String, _ limit: Int) -> SystemError {
        SystemError(.tooLarge, operation: "read", subject: path, "it has more than \(limit) bytes")
    }

    static func notPlain(_ path: String, _ what: String) -> SystemError {
        SystemError(.unmanaged, operation: "use", subject: path, "\(what); Curfew uses plain files alone")
    }
}

extension [UInt8] {
    /// Lends these bytes as a path for a system call. One with a NUL in it names nothing.
    public func withCPath<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let path = contains(0) ? [0] : self + [0]
        return path.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { chars in
                guard let base = chars.baseAddress else { preconditionFailure("it has at least the NUL") }
                return body(base)
            }
        }
    }
}
