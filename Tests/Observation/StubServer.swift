import NIOCore
import NIOPosix
import Synchronization

/// A real TCP server on loopback that answers every connection with the bytes of the moment.
final class StubServer: Sendable {
    enum Manner: Sendable {
        case answer(String)
        /// Writes this much and more for ever, as fast as it is taken.
        case flood(String)
        /// Accepts and says nothing.
        case silence
        /// Accepts and hangs up.
        case hangUp
    }
    private let manner: Mutex<Manner>
    private let accepted = Mutex(0)
    private let channel: any Channel
    let port: Int

    /// How many connections were taken.
    var connections: Int { accepted.withLock { $0 } }

    static func start(_ manner: Manner) async throws -> StubServer {
        let box = Box()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answerer(box)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = StubServer(manner, channel)
        box.server.withLock { $0 = server }
        return server
    }

    private init(_ manner: Manner, _ channel: any Channel) {
        self.manner = Mutex(manner)
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    func now(_ manner: Manner) { self.manner.withLock { $0 = manner } }

    func stop() async { try? await channel.close() }

    fileprivate func greet() -> Manner {
        accepted.withLock { $0 += 1 }
        return manner.withLock { $0 }
    }
}

private final class Box: Sendable {
    let server = Mutex<StubServer?>(nil)
}

private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let box: Box
    init(_ box: Box) { self.box = box }

    func channelActive(context: ChannelHandlerContext) {
        switch box.server.withLock({ $0 })?.greet() {
        case .answer(let text):
            context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
        case .flood(let text):
            context.write(NIOAny(ByteBuffer(string: text)), promise: nil)
            context.writeAndFlush(NIOAny(ByteBuffer(repeating: 120, count: 50 << 20)), promise: nil)
        case .hangUp: context.close(promise: nil)
        case .silence, nil: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
