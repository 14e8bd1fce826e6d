import Foundation
import NIOCore

/// Reads the engine's answer to the takeover, then the command's output.
final class ExecHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let isFramed: Bool
    private let opened: EventLoopPromise<Void>
    private let output: ExecOutput
    private var isOpen = false
    private var rest = ByteBuffer()

    init(isFramed: Bool, opened: EventLoopPromise<Void>, output: ExecOutput) {
        (self.isFramed, self.opened, self.output) = (isFramed, opened, output)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var piece = unwrapInboundIn(data)
        rest.writeBuffer(&piece)
        if !isOpen { readHead(context) }
        if isOpen { readOutput(context) }
    }

    /// `HTTP/1.1 101 UPGRADED` and some headers; older engines say 200.
    private func readHead(_ context: ChannelHandlerContext) {
        let view = rest.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else {
            if rest.readableBytes > 16384 {
                fail(context, DockerError(.badAnswer, "start a command", "the engine's answer has no end"))
            }
            return
        }
        let line = String(decoding: view.prefix(while: { $0 != 13 }), as: UTF8.self)
        let body = Data(view[end.upperBound...])
        let status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        guard line.hasPrefix("HTTP/1."), status == 101 || status == 200 else {
            return fail(context, DockerClient.refusal("start a command", status, body))
        }
        isOpen = true
        rest = ByteBuffer(bytes: body)
        opened.succeed()
    }

    private func readOutput(_ context: ChannelHandlerContext) {
        guard isFramed else {
            if rest.readableBytes > 0 { output.add(.output(Array(rest.readableBytesView)), from: context.channel) }
            rest.clear()
            return
        }
        while rest.readableBytes >= 8 {
            guard let stream = rest.getInteger(at: rest.readerIndex, as: UInt8.self),
                let length = rest.getInteger(at: rest.readerIndex + 4, as: UInt32.self)
            else { return }
            guard length <= 1 << 20 else {
                return fail(context, DockerError(.badAnswer, "read a command's output", "a frame of it is longer than 1 MiB"))
            }
            guard rest.readableBytes >= 8 + Int(length) else { break }
            rest.moveReaderIndex(forwardBy: 8)
            let bytes = rest.readBytes(length: Int(length)) ?? []
            if !bytes.isEmpty { output.add(stream == 2 ? .errors(bytes) : .output(bytes), from: context.channel) }
        }
        rest.discardReadBytes()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { finish(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) { finish(context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(
            context, DockerError(.unreachable, "read a command's output", "the connection broke: \(DockerClient.short(error))"))
    }

    private func finish(_ context: ChannelHandlerContext) {
        opened.fail(DockerError(.unreachable, "start a command", "the engine closed the connection"))
        output.end(nil)
        context.close(promise: nil)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: DockerError) {
        opened.fail(error)
        output.end(error)
        context.close(promise: nil)
    }
}
