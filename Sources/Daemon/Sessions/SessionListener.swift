import CurfewModel
import CurfewSystem
import Glibc
import NIOCore
import NIOPosix

/// The socket that `curfew exec` knocks at.
struct SessionListener: Sendable {
    private let channel: any Channel
    private let path: String

    /// Listens; every connection is served in a task of its own.
    /// - Parameter path: a socket of ours that is left there is replaced.
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

    /// Made here and not by NIO: no child of ours may hold the door open. Whoever may pass through the folder may knock; it is
    /// the key that opens.
    private static func listeningSocket(_ path: String) throws -> Int32 {
        do { return try UnixSocket.listen(path, mode: 0o666, backlog: 64) } catch {
            throw DaemonError(.storage, operation: "listen on", subject: path, error.message)
        }
    }

    /// Takes no more connections; those that are open stay.
    func close() async {
        try? await channel.close().get()
        unlink(path)
    }
}
