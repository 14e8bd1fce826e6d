import CurfewDrivers
import Glibc

/// The few file operations that the runtime needs. All block.
enum Files {
    /// The whole content of a small file; `nil` when there is none. A larger one than `limit` is an error.
    static func read(_ path: String, limit: Int, for operation: String = "read") throws -> [UInt8]? {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard number >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure(operation, path, errno)
        }
        let file = Descriptor(owning: number)
        var bytes = [UInt8](repeating: 0, count: 4096)
        var used = 0
        while true {
            if used == bytes.count { bytes.append(contentsOf: [UInt8](repeating: 0, count: bytes.count)) }
            let count = try bytes.withUnsafeMutableBytes {
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[used...]), for: operation, path)
            }
            if count == 0 { break }
            used += count
            guard used <= limit else {
                throw DriverError(.failed, operation: operation, subject: path, "it is larger than \(limit) bytes")
            }
        }
        bytes.removeLast(bytes.count - used)
        return bytes
    }

    /// The content as text, `nil` when it cannot be read.
    static func text(_ path: String, limit: Int = 1 << 20) -> String? {
        guard let bytes = try? read(path, limit: limit) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a file that does not exist yet.
    static func create(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600, for operation: String) throws {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode, for: operation)
        try bytes.withUnsafeBytes { try file.write($0, for: operation, path) }
    }

    /// Writes a file whole or not at all, and durably.
    static func replace(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600, for operation: String) throws {
        let fresh = path + ".new"
        unlink(fresh)
        do {
            let file = try Descriptor.open(fresh, O_WRONLY | O_CREAT | O_EXCL, mode: mode, for: operation)
            try bytes.withUnsafeBytes { try file.write($0, for: operation, path) }
            guard fsync(file.number) == 0 else { throw failure(operation, path, errno) }
            guard rename(fresh, path) == 0 else { throw failure(operation, path, errno) }
        } catch {
            unlink(fresh)
            throw error
        }
    }

    /// Overwrites a kernel file such as one of a control group.
    static func poke(_ path: String, _ text: String) -> Int32 {
        let number = open(path, O_WRONLY | O_CLOEXEC)
        guard number >= 0 else { return errno }
        let file = Descriptor(owning: number)
        var text = text
        let count = text.withUTF8 { Glibc.write(file.number, $0.baseAddress, $0.count) }
        return count < 0 ? errno : 0
    }

    /// Makes a folder and those above it; one that is there already is left as it is.
    static func makeFolder(_ path: String, mode: mode_t = 0o700, for operation: String) throws {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure(operation, path, errno)
        }
        try makeFolder(String(path[..<slash]), mode: mode, for: operation)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure(operation, path, errno) }
    }

    /// The names in a folder (without `.` and `..`), sorted; `nil` when there is no such folder.
    static func names(in path: String, for operation: String) throws -> [String]? {
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(operation, path, errno)
        }
        return try rawNames(in: Descriptor(owning: number), path, for: operation)
            .map { String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }.sorted()
    }

    /// The names in an open folder as the bytes that they are, each ended by a NUL.
    static func rawNames(in folder: Descriptor, _ path: String, for operation: String) throws -> [[CChar]] {
        let copy = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let listing = fdopendir(copy) else {
            let number = errno
            if copy >= 0 { close(copy) }
            throw failure(operation, path, number)
        }
        defer { closedir(listing) }
        var names: [[CChar]] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
                }
            }
            if name != [46, 0] && name != [46, 46, 0] { names.append(name) }
        }
        return names
    }

    /// Device and inode of what is at `path` itself, `nil` when there is nothing.
    static func identity(_ path: String) -> FileIdentity? {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        return FileIdentity(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
    }

    /// Whether `path` itself is a folder.
    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }
}

/// Names one file of this machine as long as it exists.
struct FileIdentity: Hashable, Sendable, Codable {
    var device: UInt64
    var inode: UInt64
}
