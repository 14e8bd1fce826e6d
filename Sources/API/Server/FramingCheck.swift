import NIOCore
import NIOHTTP1

/// A request that is no HTTP/1.1 as it is taken here. Nothing more is read from its connection.
struct FramingError: Error {
    var status: HTTPResponseStatus

    /// What is answered to bytes that cannot be read; `nil` for failures of the connection itself.
    static func status(of error: any Error) -> HTTPResponseStatus? {
        switch error {
        case let error as FramingError: error.status
        case HTTPParserError.headerOverflow: .requestHeaderFieldsTooLarge
        case is HTTPParserError, is ByteToMessageDecoderError.PayloadTooLargeError: .badRequest
        default: nil
        }
    }
}

/// Judges a request's head before anything interprets it: only one reading of it may be possible. Stands between the HTTP
/// decoder and whatever turns its parts into other types.
final class FramingCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// Longest path with its query, in bytes.
    static let longestTarget = 8 << 10
    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isRefused { return }
        if case .head(let head) = unwrapInboundIn(data), let status = Self.problem(of: head) {
            isRefused = true
            return context.fireErrorCaught(FramingError(status: status))
        }
        context.fireChannelRead(data)
    }

    /// Why a head is refused; `nil` when it is not.
    static func problem(of head: HTTPRequestHead) -> HTTPResponseStatus? {
        guard head.version == .http1_1 || head.version == .http1_0 else { return .badRequest }
        // A path and nothing else: whose it is, Host alone says.
        guard head.uri.utf8.first == UInt8(ascii: "/"),
            head.uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") })
        else { return .badRequest }
        guard head.uri.utf8.count <= longestTarget else { return .uriTooLong }
        let encodings = head.headers["transfer-encoding"]
        let lengths = head.headers["content-length"]
        guard head.headers["host"].count <= 1, lengths.count <= 1, encodings.count <= 1,
            encodings.isEmpty || (lengths.isEmpty && head.version == .http1_1)
        else { return .badRequest }
        guard lengths.allSatisfy({ (1...18).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return .badRequest }
        guard encodings.allSatisfy({ $0.lowercased() == "chunked" }) else { return .notImplemented }
        guard head.headers.allSatisfy({ isPlain($0.name, $0.value) }) else { return .badRequest }
        return nil
    }

    private static func isPlain(_ name: String, _ value: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            && value.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }
}
