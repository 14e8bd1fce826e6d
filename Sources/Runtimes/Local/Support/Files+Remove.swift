import Glibc

extension Files {
    /// Removes a file, a symlink or a folder with all that is in it; nothing there is fine.
    ///
    /// The content is hostile: folders may be nested deeper than any path or stack reaches, so that a folder that is not
    /// empty is moved up to the top and emptied there. Symlinks are never followed.
    static func remove(_ path: String, for operation: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw failure(operation, path, errno) }
        // Without write permission a folder of our own cannot be emptied.
        chmod(path, 0o700)
        let top = try Descriptor.open(path, O_RDONLY | O_DIRECTORY, for: operation)
        var pending: [[CChar]] = [[46, 0]]
        var moved = 0
        while let folder = pending.popLast() {
            let isTop = folder == [46, 0]
            if !isTop { fchmodat(top.number, folder, 0o700, 0) }
            let number = openat(top.number, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard number >= 0 else { throw failure(operation, path, errno) }
            let open = Descriptor(owning: number)
            for name in try rawNames(in: open, path, for: operation) {
                if unlinkat(open.number, name, 0) == 0 || errno == ENOENT { continue }
                guard errno == EISDIR || errno == EPERM else { throw failure(operation, path, errno) }
                if unlinkat(open.number, name, AT_REMOVEDIR) == 0 { continue }
                if isTop {
                    pending.append(name)
                    continue
                }
                fchmodat(open.number, name, 0o700, 0)
                var target: [CChar]
                repeat {
                    moved += 1
                    target = ".removing-\(moved)".utf8CString.map { $0 }
                } while faccessat(top.number, target, F_OK, AT_SYMLINK_NOFOLLOW) == 0
                guard renameat(open.number, name, top.number, target) == 0 else { throw failure(operation, path, errno) }
                pending.append(target)
            }
            if !isTop, unlinkat(top.number, folder, AT_REMOVEDIR) != 0 { throw failure(operation, path, errno) }
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw failure(operation, path, errno) }
    }
}
