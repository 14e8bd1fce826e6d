import Foundation
import JWTKit
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An OpenID Connect provider at http://127.0.0.1 that says what a test wants it to say.
final class IssuerServer: Sendable {
    struct Reply: Sendable {
        var status = HTTPResponseStatus.ok
        var body = ""
        var headers: [(String, String)] = []
    }
    private let replies = Mutex<[String: Reply]>([:])
    private let asked = Mutex<[String]>([])
    private let channel: any Channel
    var issuer: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var requests: [String] { asked.withLock { $0 } }

    private init(_ channel: any Channel) { self.channel = channel }

    static func start() async throws -> IssuerServer {
        let box = Mutex<IssuerServer?>(nil)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                try channel.pipeline.syncOperations.addHandler(Handler { path in box.withLock { $0 }?.answer(path) ?? Reply() })
            }
        }
        let server = IssuerServer(try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
        box.withLock { $0 = server }
        return server
    }

    func stop() async { try? await channel.close().get() }

    func set(_ path: String, _ reply: Reply) { replies.withLock { $0[path] = reply } }

    /// Shows these keys.
    func publish(_ keys: String, issuer: String? = nil) {
        set(
            "/.well-known/openid-configuration",
            Reply(body: "{\"issuer\": \"\(issuer ?? self.issuer)\", \"jwks_uri\": \"\(self.issuer)/keys\"}"))
        set("/keys", Reply(body: "{\"keys\": [\(keys)]}"))
    }

    private func answer(_ path: String) -> Reply {
        asked.withLock { $0.append(path) }
        return replies.withLock { $0[path] } ?? Reply(status: .notFound)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let answer: @Sendable (String) -> Reply
        init(_ answer: @escaping @Sendable (String) -> Reply) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            let reply = answer(head.uri)
            let headers = HTTPHeaders(
                reply.headers + [("Content-Length", "\(reply.body.utf8.count)"), ("Connection", "close")])
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: reply.status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: reply.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
