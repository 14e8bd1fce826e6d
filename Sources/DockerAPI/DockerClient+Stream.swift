import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

extension DockerClient {
    /// A call whose answer comes in pieces: each is given to `take` before the next is read, so that a fast engine cannot
    /// fill our memory. Returns when the answer ends. The deadline holds until the answer begins.
    /// - Parameters:
    ///   - isSteady: the answer keeps coming; a long pause in it is an error.
    ///   - limit: the longest time until its end, of one that has an end.
    func eachPiece(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)] = [], body: HTTPClientRequest.Body? = nil,
        type: String = "application/json", headers: [(String, String)] = [], isSteady: Bool = true,
        within limit: Duration? = nil, _ take: (ByteBuffer) async throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        var request = try await request(method, path, query, headers: headers)
        if let body {
            request.body = body
            request.headers.replaceOrAdd(name: "Content-Type", value: type)
        }
        let operation = Self.operation(request)
        let ready = request
        let response = try await within(timeout, operation) { [self] in
            try await (isSteady ? steady : http).execute(ready, timeout: .seconds(1 << 31))
        }
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            let buffer = try? await response.body.collect(upTo: 1 << 20)
            throw Self.refusal(operation, status, buffer.map { Data($0.readableBytesView) } ?? Data())
        }
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch is CancellationError { throw CancellationError() } catch {
                if Task.isCancelled { throw CancellationError() }
                negotiation.forget()
                if (error as? HTTPClientError) == .readTimeout {
                    throw DockerError(.timedOut, operation, "the engine has said nothing more for a long time")
                }
                throw DockerError(.unreachable, operation, "the stream broke: \(Self.short(error))")
            }
            guard let piece else { return }
            if let limit, ContinuousClock.now - start > limit {
                throw DockerError(.timedOut, operation, "the engine's answer has no end after \(limit)")
            }
            try await take(piece)
        }
    }

    /// A call whose answer comes in lines, each a JSON document. A line over 1 MiB ends it with an error.
    func eachLine(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)] = [], body: HTTPClientRequest.Body? = nil,
        type: String = "application/json", headers: [(String, String)] = [], isSteady: Bool = true,
        within limit: Duration? = nil, _ take: (Data) async throws -> Void
    ) async throws {
        var rest = Data()
        try await eachPiece(method, path, query, body: body, type: type, headers: headers, isSteady: isSteady, within: limit) {
            piece in
            rest.append(contentsOf: piece.readableBytesView)
            while let end = rest.firstIndex(of: 10) {
                let line = Data(rest[rest.startIndex..<end])
                rest = Data(rest[rest.index(after: end)...])
                if !line.allSatisfy({ $0 == 13 || $0 == 32 }) { try await take(line) }
            }
            if rest.count > 1 << 20 {
                throw DockerError(.tooLarge, "\(method.rawValue) \(path)", "a line of the engine's is longer than 1 MiB")
            }
        }
        if !rest.isEmpty { try await take(rest) }
    }
}
