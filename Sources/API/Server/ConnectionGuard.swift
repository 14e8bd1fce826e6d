import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// How long a connection may take its time, and how many there may be.
public struct ConnectionLimits: Sendable {
    /// From the connection, or the first byte of a further request, to the end of the headers.
    public var head = Duration.seconds(10)
    /// From the headers to the end of the body.
    public var body = Duration.seconds(30)
    /// Between two requests.
    public var idle = Duration.seconds(30)
    /// For a client to take an answer that ends the connection.
    public var linger = Duration.seconds(1)
    /// Connections at once. One more, and the one that has been idle for the longest time is closed.
    public var connections = 512
    /// The ordinary limits.
    public init() {}
}

/// Ends connections that only cost: headers or a body that trickle in, a client that never asks, one that sends on after it
/// was refused. Stands behind the HTTP decoder, so half a header does not count as a sign of life.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    private let table: ConnectionTable
    private var seat: Int?
    private var timer: Scheduled<Void>?
    private var requests = 0
    private var closesAfter = false
    private var isRefusing = false

    init(_ limits: ConnectionLimits, _ table: ConnectionTable) { (self.limits, self.table) = (limits, table) }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        seat = table.enter { channel.close(promise: nil) }
        arm(context, limits.head)
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        timer?.cancel()
        timer = nil
        if let seat { table.leave(seat) }
        seat = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Refused already: it is read so that the answer arrives, and thrown away.
        if isRefusing { return }
        switch unwrapInboundIn(data) {
        case .head:
            requests += 1
            if let seat { table.set(seat, isIdle: false) }
            arm(context, limits.body)
        case .body: break
        case .end:
            timer?.cancel()
            timer = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): closesAfter = closesAfter || head.headerFields[.connection]?.lowercased() == "close"
        case .body: break
        case .end:
            requests -= 1
            if closesAfter {
                isRefusing = true
                arm(context, limits.linger)
            } else if requests == 0 {
                if let seat { table.set(seat, isIdle: true) }
                arm(context, limits.idle)
            }
        }
        context.write(data, promise: promise)
    }

    private func arm(_ context: ChannelHandlerContext, _ limit: Duration) {
        timer?.cancel()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: TimeAmount(limit)) { channel.close(promise: nil) }
    }
}
