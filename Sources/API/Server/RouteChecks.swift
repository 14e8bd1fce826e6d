import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// What stands between the address of a route and its doing: who asks, whether a browser was tricked into asking, what was
/// sent, and for how long it may take.
struct RouteChecks: Sendable {
    let doorman: Doorman
    /// Longest time of an answer that is no stream.
    let deadline: Duration
    let table: ConnectionTable
    /// Room for large bodies, which come before anybody has shown who they are.
    let room = BodyRoom()

    func perform(_ route: Route, _ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try await self.caller(for: route, request, context)
        if caller != .anonymous { table.recognize(context.channel) }
        if route.changes { try Self.refuseForgery(request, caller) }
        try route.judge(request)
        let query = try Self.query(of: request, route)
        if route.maxBody > BodyRoom.small, !room.enter() {
            throw Problem(.serviceUnavailable, "too many at once; try again", headers: [.retryAfter: "1"], closes: true)
        }
        defer { if route.maxBody > BodyRoom.small { room.leave() } }
        let body = try await Self.body(of: request, upTo: route.maxBody)
        if route.isStream, request.method == .head {
            return Response(status: route.status, headers: [.contentType: route.contentType])
        }
        var parameters: [String: String] = [:]
        for (name, value) in context.parameters { parameters[String(name)] = String(value) }
        let call = Call(
            request: request, parameters: parameters, query: query, body: body, caller: caller, id: context.requestID,
            channel: context.channel)
        if route.isStream { return try await route.perform(call) }
        return try await Deadline.race(deadline) { try await route.perform(call) }
    }

    private func caller(for route: Route, _ request: Request, _ context: APIContext) async throws -> Caller {
        switch route.access {
        case .open, .hook: return .anonymous
        case .viewer: return try await doorman.caller(request, context.channel)
        case .operatorOnly:
            let caller = try await doorman.caller(request, context.channel)
            guard caller.role >= .operator else {
                if caller == .anonymous {
                    throw Doorman.unauthorized("this is for operators: send Authorization: Bearer TOKEN")
                }
                throw Problem(.forbidden, "\(caller.name) may look and do nothing: this is for operators")
            }
            return caller
        }
    }

    /// A page of somebody else's can make a browser send a plain POST, and cannot make it send a header of its own.
    private static func refuseForgery(_ request: Request, _ caller: Caller) throws(Problem) {
        if let site = request.headers[.fetchSite], !["same-origin", "none"].contains(site) {
            throw Problem(.forbidden, "this comes from another site")
        }
        guard caller.isExplicit || !(request.headers[.curfewRequest] ?? "").isEmpty else {
            throw Problem(.forbidden, "send the header X-Curfew-Request (anything) or a bearer token: no page can forge these")
        }
    }

    /// Names that the route knows, each once; percent-encoding is taken off.
    private static func query(of request: Request, _ route: Route) throws(Problem) -> [String: String] {
        guard let path = request.head.path, let mark = path.firstIndex(of: "?") else { return [:] }
        let known = Set(route.query.map(\.name))
        var found: [String: String] = [:]
        for pair in path[path.index(after: mark)...].prefix(while: { $0 != "#" }).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = plain(parts[0]), known.contains(name) else {
                let names = known.isEmpty ? "takes none" : "takes: \(known.sorted().joined(separator: ", "))"
                throw .badRequest("an unknown query parameter; this \(names)")
            }
            guard found[name] == nil, parts.count == 2,
                let value = route.isPage ? plain(parts[1]) : String(parts[1]).removingPercentEncoding,
                value.utf8.count <= 256
            else {
                throw .badRequest("'\(name)' stands there twice, without a value, or with one that is too long or malformed")
            }
            found[name] = value
        }
        return found
    }

    /// Of a form: `+` is a blank, percent-encoding is taken off.
    static func plain(_ text: Substring) -> String? {
        String(text.map { $0 == "+" ? " " : $0 }).removingPercentEncoding
    }

    private static func body(of request: Request, upTo limit: Int) async throws -> ByteBuffer {
        let told = request.headers[.contentLength].flatMap { Int($0) }
        let tooLarge = Problem(
            .contentTooLarge, limit == 0 ? "this takes no body" : "this takes at most \(limit) bytes", closes: true)
        // Refused by what is announced, before a byte of it is read.
        if let told, told > limit { throw tooLarge }
        if told == nil || told == 0, request.headers[.transferEncoding] == nil { return ByteBuffer() }
        var body = ByteBuffer()
        for try await var part in request.body {
            guard body.readableBytes + part.readableBytes <= limit else { throw tooLarge }
            body.writeBuffer(&part)
        }
        guard told.map({ $0 == body.readableBytes }) ?? true else {
            throw Problem(.badRequest, "the body is shorter than it was announced to be", closes: true)
        }
        return body
    }
}
