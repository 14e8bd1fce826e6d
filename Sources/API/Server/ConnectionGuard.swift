import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Ends connections that only cost: headers or a body that trickle in, a client that never asks, one that sends on after it
/// was refused, one that does not take its answer. Stands behind the HTTP decoder, so half a header does not count as a sign
/// of life; every limit is for the whole, so that no byte now and then stretches it.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    private let table: ConnectionTable
    private var timer: Scheduled<Void>?
    /// Requests whose answer has not ended.
    private var requests = 0
    private var isReading = false
    private var isAnswering = false
    private var closesAfter = false
    private var isRefusing = false

    init(_ limits: ConnectionLimits, _ table: ConnectionTable) { (self.limits, self.table) = (limits, table) }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        table.enter(channel, peer: Self.peer(of: channel)) { channel.close(promise: nil) }
        arm(context, limits.head)
        do {
            let pipeline = context.pipeline.syncOperations
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(FramingCheck(), position: .before(codec))
        } catch { channel.close(promise: nil) }
    }

    /// An IPv4 address, or the network that somebody with IPv6 has for themselves; empty for a Unix socket.
    private static func peer(of channel: any Channel) -> String {
        guard let address = channel.remoteAddress else { return "" }
        switch address {
        case .v4: return address.ipAddress ?? ""
        case .v6(let six):
            return withUnsafeBytes(of: six.address.sin6_addr) { $0.prefix(8).map { "\($0)" }.joined(separator: ".") }
        case .unixDomainSocket: return ""
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave(context) }

    func channelInactive(context: ChannelHandlerContext) {
        leave(context)
        // Half a body is no body.
        if isReading { context.fireErrorCaught(FramingError(status: .badRequest)) }
        context.fireChannelInactive()
    }

    private func leave(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        table.leave(context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Refused already: it is read so that the answer arrives, and thrown away.
        if isRefusing { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            requests += 1
            isReading = true
            table.begin(context.channel)
            arm(context, limits.body(of: head))
        case .body: break
        case .end:
            isReading = false
            arm(context, limits.answer)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isRefusing {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isAnswering = true
            closesAfter = closesAfter || head.headerFields[.connection]?.lowercased() == "close"
            // Whoever follows events is watched by the feed.
            if head.headerFields[.contentType]?.hasPrefix("text/event-stream") ?? false { disarm() }
        case .body: break
        case .end:
            isAnswering = false
            requests -= 1
            if closesAfter {
                isRefusing = true
                arm(context, limits.linger)
            } else if requests == 0 {
                table.finish(context.channel)
                arm(context, limits.idle)
            }
        }
        context.write(data, promise: promise)
    }

    /// Bytes that are no HTTP are answered once, and counted instead of logged.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let status = FramingError.status(of: error) else { return context.fireErrorCaught(error) }
        if isRefusing { return }
        table.noteMalformed()
        let isOlderOpen = requests > (isReading ? 1 : 0)
        guard !isOlderOpen else { return context.fireErrorCaught(error) }
        if !isAnswering {
            let fields: HTTPFields = [.connection: "close", .contentLength: "0"]
            let head = HTTPResponse(status: .init(code: Int(status.code)), headerFields: fields)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        isRefusing = true
        arm(context, limits.linger)
    }

    private func arm(_ context: ChannelHandlerContext, _ limit: Duration) {
        disarm()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: TimeAmount(limit)) { channel.close(promise: nil) }
    }

    private func disarm() {
        timer?.cancel()
        timer = nil
    }
}
