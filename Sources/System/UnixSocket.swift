public import Glibc

/// Sockets of this machine with a name in the file system.
public enum UnixSocket {
    /// Longest path in bytes.
    public static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// A socket that listens, closed for children, that does not block.
    ///
    /// A socket of this account's at which nobody listens is replaced; nothing else is.
    /// - Parameter mode: who may connect, from the first moment on.
    /// - Throws: ``SystemError`` `unmanaged` when something else lies there, `storage`.
    public static func listen(_ path: String, mode: mode_t, backlog: Int32 = 256) throws(SystemError) -> Int32 {
        guard var address = address(path) else {
            throw SystemError(
                .unmanaged, operation: "listen on", subject: path,
                "a path of a Unix socket has 1 to \(longestPath) bytes; choose a shorter one")
        }
        try removeStale(path)
        let descriptor = try make(path)
        // Linux takes the mode of the socket's file from the socket itself: nobody else can connect at any moment.
        // The umask narrows it; what is to be wider is so afterwards.
        guard fchmod(descriptor, mode) == 0, with(&address, { bind(descriptor, $0, $1) == 0 }), chmod(path, mode) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else {
            let code = errno
            close(descriptor)
            throw .last("listen on", path, code)
        }
        return descriptor
    }

    private static func removeStale(_ path: String) throws(SystemError) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        func refused(_ why: String) -> SystemError {
            SystemError(.unmanaged, operation: "listen on", subject: path, "\(why); move it away or name another path")
        }
        guard info.st_mode & S_IFMT == S_IFSOCK else { throw refused("something that is no socket lies there") }
        guard info.st_uid == geteuid() else { throw refused("it is the socket of another account") }
        guard !isAnswered(path) else { throw refused("another process listens there") }
        unlink(path)
    }

    /// Whether somebody takes connections there.
    private static func isAnswered(_ path: String) -> Bool {
        guard var address = address(path), let descriptor = try? make(path) else { return false }
        defer { close(descriptor) }
        // A full queue is somebody's as well.
        return with(&address) { connect(descriptor, $0, $1) == 0 || errno == EAGAIN || errno == EINPROGRESS }
    }

    private static func make(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .last("listen on", path) }
        return descriptor
    }

    private static func address(_ path: String) -> sockaddr_un? {
        guard (1...longestPath).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return address
    }

    private static func with(_ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
