import Foundation
import NIOCore

/// Whose log is read.
public enum LogOwner: Sendable, Hashable {
    /// A container, by id or name.
    case container(String)
    /// A task of a service, by id.
    case task(String)

    fileprivate var path: String {
        switch self {
        case .container(let id): "/containers/\(DockerEndpoint.escaped(id))/logs"
        case .task(let id): "/tasks/\(DockerEndpoint.escaped(id))/logs"
        }
    }
}

extension DockerClient {
    /// The last lines that it wrote to standard output and standard error, oldest first; bounded to 1 MiB, and to the
    /// deadline of an ordinary call: the node of a task may be gone.
    public func logTail(_ owner: LogOwner, lines: Int) async throws -> [String] {
        try await within(timeout, "read a log") { [self] in
            var demux = LogDemultiplexer()
            var size = 0
            do {
                try await eachPiece(.GET, owner.path, Self.streams + [("tail", String(lines))]) { piece in
                    size += piece.readableBytes
                    demux.add(Data(piece.readableBytesView))
                    if size > 1 << 20 { throw LogDemultiplexer.Enough() }
                }
            } catch is LogDemultiplexer.Enough {}
            return demux.finished().suffix(lines)
        }
    }

    /// Gives each line that it writes to `take`, from the last `tail` on, until it ends.
    public func followLog(_ owner: LogOwner, tail: Int, _ take: (String) async throws -> Void) async throws {
        var demux = LogDemultiplexer()
        let query = Self.streams + [("tail", String(tail)), ("follow", "true")]
        try await eachPiece(.GET, owner.path, query, isSteady: false) { piece in
            demux.add(Data(piece.readableBytesView))
            for line in demux.lines() { try await take(line) }
        }
        for line in demux.finished() { try await take(line) }
    }

    private static let streams = [("stdout", "true"), ("stderr", "true")]
}
