import NIOCore
import Synchronization

/// One client's connection: frames in when they are asked for, frames out when the client takes them.
final class SessionConnection: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private struct State {
        var reader = ExecFrameReader()
        var frames: ArraySlice<ExecFrame> = []
        var failure: ExecProtocolError?
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())
    private let channel: any Channel
    private let began: @Sendable (SessionConnection) -> Void

    /// - Parameter began: called once, when it can be written to.
    init(_ channel: any Channel, began: @escaping @Sendable (SessionConnection) -> Void) {
        (self.channel, self.began) = (channel, began)
    }

    /// The next frame; `nil` when the client has gone. For one caller at a time.
    /// - Throws: ``ExecProtocolError`` when the client sends something else.
    func next() async throws(ExecProtocolError) -> ExecFrame? {
        while true {
            let (frame, failure, isClosed) = state.withLock { state in (state.frames.popFirst(), state.failure, state.isClosed)
            }
            if let frame { return frame }
            if let failure { throw failure }
            if isClosed { return nil }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.frames.isEmpty, state.failure == nil, !state.isClosed else { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() } else { channel.read() }
            }
        }
    }

    /// Returns once the kernel has taken it, which waits while the client reads nothing.
    func send(_ frame: ExecFrame) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: frame.bytes)).get() }

    /// Whatever is under way fails.
    func close() { channel.close(mode: .all, promise: nil) }

    /// Calls `body` once when the connection has gone, whoever closed it.
    func whenClosed(_ body: @escaping @Sendable () -> Void) { channel.closeFuture.whenComplete { _ in body() } }

    /// The account that the client runs as; the kernel says so.
    func account() async -> UInt32? {
        struct Credentials { var (process, user, group): (Int32, UInt32, UInt32) = (0, 0, 0) }
        guard let options = channel as? any SocketOptionProvider else { return nil }
        // SO_PEERCRED
        let future: EventLoopFuture<Credentials> = options.unsafeGetSocketOption(
            level: .init(rawValue: 1), name: .init(rawValue: 17))
        return try? await future.get().user
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        began(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        state.withLock { state in
            guard state.failure == nil else { return }
            state.reader.take(buffer.readableBytesView)
            do throws(ExecProtocolError) {
                while let frame = try state.reader.next() { state.frames.append(frame) }
            } catch { state.failure = error }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let (waiter, wantsMore) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            guard state.waiter != nil else { return (nil, false) }
            guard !state.frames.isEmpty || state.failure != nil else { return (nil, true) }
            defer { state.waiter = nil }
            return (state.waiter, false)
        }
        waiter?.resume()
        if wantsMore { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let waiter = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
