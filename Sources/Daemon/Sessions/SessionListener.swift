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
            .serverChannelOption(.backlog, value: 64)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = SessionConnection(channel) { connection in Task { await serve(connection) } }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        do {
            let channel = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            let listener = SessionListener(channel: channel, path: path)
            // Whoever may pass through the folder may knock; it is the key that opens.
            guard chmod(path, 0o666) == 0 else {
                let code = errno
                await listener.close()
                throw DaemonError(.storage, operation: "open", subject: path, reason(code))
            }
            return listener
        } catch let error as DaemonError { throw error } catch {
            throw DaemonError(.storage, operation: "listen on", subject: path, "\(error)")
        }
    }

    /// Takes no more connections; those that are open stay.
    func close() async {
        try? await channel.close().get()
        unlink(path)
    }
}
