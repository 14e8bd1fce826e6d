import AsyncHTTPClient
import CurfewModel
import CurfewTLS
import Foundation
import NIOCore
import NIOHTTP1

/// Posts JSON with a deadline, follows no redirect, and turns what goes wrong into words without the address: that may be a
/// secret.
final class HTTPSender: Sendable {
    private let client: HTTPClient

    init() {
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .strict())
    }

    deinit { client.shutdown { _ in } }

    func shutdown() async { try? await client.shutdown() }

    func post(_ body: Data, to url: String, headers: [(String, String)] = [], what: String) async throws {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "curfew")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(body)
        let response: HTTPClientResponse
        do { response = try await client.execute(request, timeout: .seconds(10)) } catch is CancellationError {
            throw CancellationError()
        } catch { throw NotificationError("\(what) does not answer: \(Self.words(error))") }
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            let answer = try? await response.body.collect(upTo: 4096)
            let bytes = answer.map { Array($0.readableBytesView.prefix(300)) } ?? []
            let text = String(decoding: bytes, as: UTF8.self).escapingControls
            // Too many, too early, or a fault of theirs passes; a refusal does not.
            let isFinal = (400..<500).contains(status) && ![401, 403, 404, 408, 425, 429].contains(status)
            throw NotificationError("\(what) refuses it with status \(status): \(text)", isFinal: isFinal)
        }
        // Read to the end, so that the connection can be used again.
        _ = try? await response.body.collect(upTo: 65536)
    }

    private static func words(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("Connection refused") || text.contains("ECONNREFUSED") { return "the connection is refused" }
        if text.contains("imeout") { return "no answer within 10 s" }
        if text.contains("esolve") || text.contains("nown host") { return "its name is not found" }
        if text.contains("ertificate") || text.contains("andshake") { return "TLS fails" }
        return "the connection fails"
    }
}

/// JSON with its keys in order.
func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
}
