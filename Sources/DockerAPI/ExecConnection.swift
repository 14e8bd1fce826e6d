import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// The two-way connection to a command inside a container: the engine takes an HTTP request over and from then on passes
/// bytes both ways. Our HTTP client cannot do that, so this speaks the few lines of HTTP itself.
public final class ExecConnection: Sendable {
    /// The engine's id of the command.
    public let id: String
    /// What the command writes: with a terminal as it comes, without as frames that say which stream.
    public let output: AsyncThrowingStream<Piece, any Error>
    private let channel: any Channel

    /// A piece of output.
    public enum Piece: Sendable, Hashable {
        /// Standard output, or the terminal.
        case output([UInt8])
        /// Standard error.
        case errors([UInt8])
    }

    private init(id: String, output: AsyncThrowingStream<Piece, any Error>, channel: any Channel) {
        (self.id, self.output, self.channel) = (id, output, channel)
    }

    /// Starts a prepared command and connects to it.
    /// - Throws: ``DockerError``; then it does not run, or its connection is closed.
    public static func open(_ id: String, terminal: Bool, with client: DockerClient) async throws -> ExecConnection {
        let operation = "start a command"
        let version = if let known = client.negotiation.version { known } else { try await client.negotiate() }
        let output = ExecOutput()
        let endpoint = client.endpoint
        let tls = try client.tls.map { try NIOSSLContext(configuration: $0) }
        let opened = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls, case .tcp(let host, _) = endpoint.address {
                        // A literal address has no server name.
                        let name = host.contains(where: { $0.isLetter }) && !host.contains(":") ? host : nil
                        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        ExecHandler(isFramed: !terminal, opened: opened, output: output))
                }
            }
        do {
            let channel =
                switch endpoint.address {
                case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
                case .tcp(let host, let port): try await bootstrap.connect(host: host, port: port).get()
                }
            let body = "{\"Detach\":false,\"Tty\":\(terminal)}"
            let head =
                "POST /v\(version)/exec/\(DockerEndpoint.escaped(id))/start HTTP/1.1\r\nHost: docker\r\n"
                + "Content-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            try await channel.writeAndFlush(ByteBuffer(string: head))
            try await client.within(client.timeout, operation) { try await opened.futureResult.get() }
            return ExecConnection(id: id, output: output.stream(of: channel), channel: channel)
        } catch {
            opened.fail(error)
            if let error = error as? DockerError { throw error }
            throw DockerError(.unreachable, operation, "\(endpoint) does not answer: \(DockerClient.short(error))")
        }
    }

    /// Sends input; returns once it is on its way.
    public func write(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// No more input comes; output still does.
    public func closeInput() async throws { try await channel.close(mode: .output) }

    /// Cuts the connection.
    public func close() async { try? await channel.close() }
}
