import AsyncHTTPClient
import CurfewModel
import Foundation
import NIOCore
import NIOHTTP1

/// One request over http(s) and its answer, read by a thread that may wait. Nothing is followed: not a redirect, not another
/// encoding.
final class HTTPExchange: HTTPClientResponseDelegate, @unchecked Sendable {
    typealias Response = Void

    /// More than this waits in the network and not in memory.
    private static let mostBuffered = 4 << 20

    // All guarded by the condition.
    private let condition = NSCondition()
    private var head: HTTPResponseHead?
    private var parts: [ByteBuffer] = []
    private var buffered = 0
    private var isOver = false
    private var failure: (any Error)?
    private var resume: EventLoopPromise<Void>?

    /// Sends a request.
    init(_ request: HTTPClient.Request, with client: HTTPClient, within limit: Span) {
        _ = client.execute(request: request, delegate: self, deadline: .now() + .milliseconds(max(1, limit.milliseconds)))
    }

    /// Waits for the answer's first part.
    func answer() throws -> HTTPResponseHead {
        condition.lock()
        defer { condition.unlock() }
        while head == nil, failure == nil { condition.wait() }
        if let head { return head }
        throw failure ?? HTTPClientError.remoteConnectionClosed
    }

    /// Waits for more of the body.
    /// - Returns: how many bytes were written; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        condition.lock()
        while parts.isEmpty, !isOver, failure == nil { condition.wait() }
        var (count, woken): (Int, EventLoopPromise<Void>?) = (0, nil)
        if var part = parts.first {
            count = part.readWithUnsafeReadableBytes { bytes in
                let length = min(bytes.count, buffer.count)
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(length)))
                return (length, length)
            }
            buffered -= count
            if part.readableBytes > 0 { parts[0] = part } else { parts.removeFirst() }
            if buffered < Self.mostBuffered { swap(&woken, &resume) }
        }
        let failure = count == 0 ? failure : nil
        condition.unlock()
        woken?.succeed()
        if let failure { throw failure }
        return count
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        change { self.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        guard buffer.readableBytes > 0 else { return task.eventLoop.makeSucceededVoidFuture() }
        let promise = task.eventLoop.makePromise(of: Void.self)
        var mayGoOn = true
        change {
            parts.append(buffer)
            buffered += buffer.readableBytes
            mayGoOn = buffered < Self.mostBuffered
            if !mayGoOn { resume = promise }
        }
        if mayGoOn { promise.succeed() }
        return promise.futureResult
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) { change { failure = error } }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws { change { isOver = true } }

    private func change(_ body: () -> Void) {
        condition.lock()
        body()
        condition.broadcast()
        condition.unlock()
    }
}
