import CurfewModel
import Glibc
import NIOCore
import NIOPosix

/// The socket that `curfew exec` knocks at.
struct SessionListener: Sendable {
    private let channel: any Channel
    private let path: String

    /// Listens; every connection is served in a task of its own.
    /// - Parameter path: what lies there is removed: the state folder's lock says that it is nobody's any more.
    static func open(_ path: String, serve: @escaping @Sendable (SessionConnection) async -> Void) async throws
        -> SessionListener
    {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = SessionConnection(channel) { connection in Task { await serve(connection) } }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        let socket = try listeningSocket(path)
        do {
            return SessionListener(channel: try await bootstrap.withBoundSocket(socket).get(), path: path)
        } catch {
            Glibc.close(socket)
            throw DaemonError(.storage, operation: "listen on", subject: path, "\(error)")
        }
    }

    /// Made here and not by NIO: no child of ours may hold the door open.
    private static func listeningSocket(_ path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { throw DaemonError(.storage, operation: "listen on", subject: path, reason(errno)) }
        unlink(path)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        // Whoever may pass through the folder may knock; it is the key that opens.
        guard isBound, chmod(path, 0o666) == 0, listen(socket, 64) == 0 else {
            let code = errno
            Glibc.close(socket)
            throw DaemonError(.storage, operation: "listen on", subject: path, reason(code))
        }
        return socket
    }

    /// Takes no more connections; those that are open stay.
    func close() async {
        try? await channel.close().get()
        unlink(path)
    }
}
