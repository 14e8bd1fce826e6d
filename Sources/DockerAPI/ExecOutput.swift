import NIOCore
import Synchronization

/// What a command wrote and nobody has read yet. A command that writes faster than its reader reads is made to wait: over a
/// limit nothing more is taken from its connection.
final class ExecOutput: Sendable {
    typealias Piece = ExecConnection.Piece
    /// Reading stops over the first and goes on under the second, in bytes.
    private static let (high, low) = (1 << 20, 1 << 18)

    private let pieces: AsyncThrowingStream<Piece, any Error>
    private let entrance: AsyncThrowingStream<Piece, any Error>.Continuation
    private let waiting = Mutex(0)

    init() { (pieces, entrance) = AsyncThrowingStream<Piece, any Error>.makeStream(bufferingPolicy: .unbounded) }

    /// Called on the connection's own event loop.
    func add(_ piece: Piece, from channel: any Channel) {
        let isFull = waiting.withLock { count in
            count += piece.bytes.count
            return count > Self.high
        }
        entrance.yield(piece)
        if isFull { channel.setOption(.autoRead, value: false).whenFailure { _ in } }
    }

    /// No more comes.
    func end(_ error: (any Error)?) { entrance.finish(throwing: error) }

    /// The output for its one reader; the connection closes when the reader goes away.
    func stream(of channel: any Channel) -> AsyncThrowingStream<Piece, any Error> {
        entrance.onTermination = { _ in channel.close(promise: nil) }
        return AsyncThrowingStream {
            var reader = self.pieces.makeAsyncIterator()
            guard let piece = try await reader.next() else { return nil }
            let goesOn = self.waiting.withLock { count in
                defer { count -= piece.bytes.count }
                return count > Self.low && count - piece.bytes.count <= Self.low
            }
            if goesOn { channel.setOption(.autoRead, value: true).whenFailure { _ in } }
            return piece
        }
    }
}

extension ExecConnection.Piece {
    /// Its bytes, whichever stream they came by.
    fileprivate var bytes: [UInt8] {
        switch self {
        case .output(let bytes), .errors(let bytes): bytes
        }
    }
}
