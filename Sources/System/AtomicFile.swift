public import Glibc

/// Files that are there whole or not at all: a reader sees the old content or the new one, after a power cut too.
public enum AtomicFile {
    /// What may be written over. Anything but a plain file never is: a rename over a device, a socket or a link would take
    /// away what is not Curfew's.
    public enum Replaceable: Sendable {
        /// Any plain file: for folders of Curfew's own.
        case plainFile
        /// Nothing: there must be no file yet.
        case nothing
        /// A plain file, at most 64 MiB, for which this says so: Curfew wrote it, as its content shows.
        case marked(@Sendable ([UInt8]) -> Bool)
    }

    /// Ends the name of what is being written; such a file is a leftover of a writer that died.
    public static let suffix = ".curfew-tmp"

    /// Writes a file: temporary file beside it, fsync, rename, fsync of the folder.
    /// - Parameters:
    ///   - mode: its permissions, whatever the umask says.
    ///   - owner: whose it becomes; `nil` = this process's.
    ///   - isDurable: whether it has to survive a power cut; costs some milliseconds.
    /// - Throws: ``SystemError`` `unmanaged` when something else is at the path, `storage`; then what was there is untouched.
    public static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t = 0o600, owner: (user: uid_t, group: gid_t)? = nil,
        isDurable: Bool = true, replacing replaceable: Replaceable = .plainFile
    ) throws(SystemError) {
        let (folder, name) = try parts(of: path)
        defer { close(folder) }
        try checkTarget(folder, name, path, replaceable)
        let temporary = name + suffix
        unlinkat(folder, temporary, 0)
        let file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0o600)
        guard file >= 0 else { throw .last("write", path) }
        var failure = fill(file, bytes)
        if failure == 0, let owner, fchown(file, owner.user, owner.group) != 0 { failure = errno }
        if failure == 0, fchmod(file, mode) != 0 { failure = errno }
        if failure == 0, isDurable, fsync(file) != 0 { failure = errno }
        close(file)
        if failure == 0, renameat(folder, temporary, folder, name) != 0 { failure = errno }
        if failure != 0 {
            unlinkat(folder, temporary, 0)
            throw .last("write", path, failure)
        }
        if isDurable, fsync(folder) != 0 { throw .last("write", path) }
    }

    /// Removes a plain file, durably; that there is none is no error.
    /// - Throws: ``SystemError`` `unmanaged` when something else is at the path, `storage`.
    public static func remove(_ path: String, replacing replaceable: Replaceable = .plainFile) throws(SystemError) {
        let (folder, name) = try parts(of: path)
        defer { close(folder) }
        try checkTarget(folder, name, path, replaceable)
        guard unlinkat(folder, name, 0) == 0 || errno == ENOENT else { throw .last("remove", path) }
        guard fsync(folder) == 0 else { throw .last("remove", path) }
    }

    private static func checkTarget(_ folder: Int32, _ name: String, _ path: String, _ replaceable: Replaceable)
        throws(SystemError)
    {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw .last("write", path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PlainFile.notPlain(path, status.st_mode & S_IFMT == S_IFLNK ? "it is a symbolic link" : "it is no plain file")
        }
        switch replaceable {
        case .plainFile: return
        case .nothing: throw foreign(path)
        case .marked(let isOurs):
            guard let bytes = try PlainFile.read(path, limit: 64 << 20), isOurs(bytes) else { throw foreign(path) }
        }
    }

    private static func foreign(_ path: String) -> SystemError {
        SystemError(
            .unmanaged, operation: "write", subject: path,
            "there is a file that Curfew did not write; move it away or name another path")
    }

    /// The open folder of a path, and the last name.
    private static func parts(of path: String) throws(SystemError) -> (folder: Int32, name: String) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = end.map { String(path[path.utf8.index(after: $0)...]) } ?? path
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(0) else {
            throw SystemError(.unmanaged, operation: "write", subject: path, "it names no file")
        }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("write", path) }
        return (descriptor, name)
    }

    /// Writes everything; 0 or an error number.
    static func fill(_ file: Int32, _ bytes: [UInt8]) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(file, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                done += count
            }
            return 0
        }
    }
}
