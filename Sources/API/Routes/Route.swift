import HTTPTypes
import Hummingbird
import NIOCore

/// One thing that can be asked for. Routing, rights, limits and the OpenAPI document all come from this table.
struct Route: Sendable {
    /// Who may ask.
    enum Access: Sendable {
        /// Everybody who reaches the port: it says nothing.
        case open
        case viewer
        case operatorOnly
        /// Whoever holds the secret of the hook; checked by the route itself.
        case hook
    }
    /// A parameter behind `?`.
    struct Query: Sendable {
        var name: String
        var schema: Schema
        var about: String
    }

    var method: HTTPRequest.Method
    /// As OpenAPI writes it: `/api/v1/workloads/{name}`.
    var path: String
    var access: Access
    var about: String
    var query: [Query] = []
    /// What comes back with 200 (or 202), `nil` for text.
    var answer: Schema?
    var contentType = "application/json"
    var status = HTTPResponse.Status.ok
    /// Largest body in bytes; 0 = none is taken.
    var maxBody = 0
    /// It goes on until somebody ends it: no deadline, and no answer to HEAD but its headers.
    var isStream = false
    /// Made for people in browsers: errors are pages, and it is not part of the API.
    var isPage = false
    /// What can be refused by the headers alone is refused before a byte of the body is read.
    var judge: @Sendable (Request) throws -> Void = { _ in }
    var perform: @Sendable (Call) async throws -> Response

    /// Whether it changes how Curfew works.
    var changes: Bool { if case .operatorOnly = access { method != .get && !isPage } else { false } }
}

/// A request that has passed all gates.
struct Call: Sendable {
    var request: Request
    /// The parts of the path, by name.
    var parameters: [String: String]
    /// What stands behind `?`, by name; only names that the route knows, each once.
    var query: [String: String]
    var body: ByteBuffer
    var caller: Caller
    var id: String
    /// Ends a connection whose client has stopped reading.
    var channel: any Channel

    /// A number of the query within a range.
    func number(_ name: String, _ range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let text = query[name] else { return nil }
        // No signs, blanks or other writings: 7 is written 7.
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.count <= 19, let value = Int64(text),
            range.contains(value)
        else { throw .badRequest("'\(name)' takes a number from \(range.lowerBound) to \(range.upperBound)") }
        return value
    }
}
