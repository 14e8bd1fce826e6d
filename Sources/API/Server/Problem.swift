import Foundation
import HTTPTypes
import Hummingbird

/// Why a request is not answered, as RFC 9457 has it. The detail is for whoever asked: no secret, no path of this machine.
struct Problem: Error, Sendable {
    var status: HTTPResponse.Status
    var detail: String
    var headers: HTTPFields = [:]
    /// Nothing more is read from the connection.
    var closes = false

    init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:], closes: Bool = false) {
        (self.status, self.detail, self.headers, self.closes) = (status, detail, headers, closes)
    }

    private struct Body: Encodable {
        var type = "about:blank"
        var title: String
        var status: Int
        var detail: String
        var requestId: String
    }

    func response(requestID: String) -> Response {
        let body = Body(title: status.reasonPhrase, status: status.code, detail: detail, requestId: requestID)
        var response = JSONAnswer.response(body, status: status, type: "application/problem+json")
        for field in headers { response.headers[field.name] = field.value }
        if closes { response.headers[.connection] = "close" }
        return response
    }

    static func notFound(_ detail: String) -> Problem { Problem(.notFound, detail) }
    static func badRequest(_ detail: String) -> Problem { Problem(.badRequest, detail) }
}

/// JSON that stays text wherever it is put: `<`, `>` and `&` are written as escapes, so that no name closes a script.
enum JSONAnswer {
    static func data(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return Array("null".utf8) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 64)
        for byte in data {
            switch byte {
            case UInt8(ascii: "<"): bytes += Array("\\u003c".utf8)
            case UInt8(ascii: ">"): bytes += Array("\\u003e".utf8)
            case UInt8(ascii: "&"): bytes += Array("\\u0026".utf8)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    static func response(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, type: String = "application/json"
    ) -> Response {
        let bytes = data(value)
        return Response(
            status: status, headers: [.contentType: type, .contentLength: "\(bytes.count)"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        let buffer = ByteBuffer(string: text)
        return Response(
            status: .ok, headers: [.contentType: type, .contentLength: "\(buffer.readableBytes)"],
            body: ResponseBody(byteBuffer: buffer))
    }
}
