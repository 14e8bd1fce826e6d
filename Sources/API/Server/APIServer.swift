import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Serves HTTP on one socket until its task is cancelled.
struct APIServer: Sendable {
    let gate: Gate
    let limits: ConnectionLimits
    let table: ConnectionTable
    let tls: TLSConfiguration?
    let log: Logger

    /// - Parameters:
    ///   - socket: listens; belongs to this from now on.
    ///   - running: called with the port that is listened on, `nil` for a Unix socket.
    func serve(_ socket: Int32, running: @Sendable (Int?) -> Void) async throws {
        let http = http1()
        if let tls {
            try await serve(socket, TLSChannel(http, tlsConfiguration: tls), running)
        } else {
            try await serve(socket, http, running)
        }
    }

    private func http1() -> HTTP1Channel {
        let (gate, limits, table, log) = (gate, limits, table, log)
        return HTTP1Channel(
            responder: { request, writer, channel in
                let context = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: log))
                let response = try await gate.respond(to: request, context: context)
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(limits, table)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100)))
    }

    private func serve<Child: ServerChildChannel>(
        _ socket: Int32, _ child: Child, _ running: @Sendable (Int?) -> Void
    ) async throws {
        let log = log
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(socket) { channel in child.setup(channel: channel, logger: log) }
        running(server.channel.localAddress?.port)
        await withDiscardingTaskGroup { group in
            do {
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { await child.handle(value: connection, logger: log) }
                    }
                }
            } catch { if !Task.isCancelled { log.warning("the HTTP API takes no connections any more: \(error)") } }
            // Whoever is being answered gets a moment; nobody holds up the end.
            table.closeAll()
        }
    }
}
