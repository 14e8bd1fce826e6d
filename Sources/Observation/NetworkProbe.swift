import CurfewModel
import NIOCore
import NIOPosix

/// One TCP connection, and for HTTP one request of which only the status is read.
///
/// A pooling client would answer from a connection that was made earlier and would hold a failed target back for a
/// while; a probe has to see whether a *new* connection is taken, now.
enum NetworkProbe {
    /// Asks once; `nil` = healthy, else the reason in words.
    /// - Parameter path: what to GET; `nil` = a connection is enough.
    static func ask(_ endpoint: Endpoint, path: String?, timeout: Span) async -> String? {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: String?.self)
        let alarm = loop.scheduleTask(in: .milliseconds(timeout.milliseconds)) { answer.succeed("timed out after \(timeout)") }
        let connection = ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(timeout.milliseconds))
            .channelInitializer { channel in
                guard let path else { return channel.eventLoop.makeSucceededVoidFuture() }
                let request =
                    "GET \(path) HTTP/1.1\r\nHost: \(endpoint)\r\nUser-Agent: curfew\r\nAccept: */*\r\nConnection: close\r\n\r\n"
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StatusReader(request: request, answer: answer))
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
        connection.whenComplete { result in
            switch result {
            case .success: if path == nil { answer.succeed(nil) }
            case .failure(let error): answer.succeed(reason(error, timeout))
            }
        }
        let outcome = await withTaskCancellationHandler {
            do { return try await answer.futureResult.get() } catch { return reason(error, timeout) }
        } onCancel: {
            answer.succeed("not asked any more")
        }
        alarm.cancel()
        // Whatever is still open or still being opened has nothing more to say.
        connection.whenSuccess { $0.close(promise: nil) }
        return outcome
    }

    static func reason(_ error: any Error, _ timeout: Span) -> String {
        if let error = error as? ChannelError, case .connectTimeout = error { return "timed out after \(timeout)" }
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return reason(first.error, timeout)
        }
        switch (error as? IOError)?.errnoCode {
        case ECONNREFUSED: return "connection refused"
        case ECONNRESET, EPIPE: return "connection reset"
        case EHOSTUNREACH, ENETUNREACH: return "no route to the address"
        default: return String(String(describing: error).prefix(200)).escapingControls
        }
    }
}

/// Sends a request and reads the status line of the answer; 200 to 399 is healthy. Headers and body are never kept.
private final class StatusReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let request: String
    private let answer: EventLoopPromise<String?>
    private var line = StatusLine()

    init(request: String, answer: EventLoopPromise<String?>) { (self.request, self.answer) = (request, answer) }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch line.take(unwrapInboundIn(data).readableBytesView) {
        case .needsMore: return
        case .status(200...399): answer.succeed(nil)
        case .status(let code): answer.succeed("status \(code)")
        case .notHTTP: answer.succeed("the answer is not HTTP")
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.succeed("the connection was closed without an answer")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.succeed(NetworkProbe.reason(error, .zero))
        context.close(promise: nil)
    }
}
