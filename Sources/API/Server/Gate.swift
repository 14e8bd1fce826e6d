import CurfewConsole
import CurfewModel
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What every request passes: it gets an id, a check of its host, one answer whatever happens, and the headers that keep
/// browsers from doing more with it than showing it.
struct Gate: HTTPResponder {
    typealias Context = APIContext

    let paths: Set<String>
    /// Those that people see.
    let pages: Set<String>
    let router: RouterResponder<APIContext>
    let hosts: HostCheck
    let host: any APIHost
    let log: SparseLog

    init(routes: [Route], hosts: HostCheck, checks: RouteChecks, host: any APIHost, log: Logger) {
        (paths, self.hosts, self.host, self.log) = (Set(routes.map(\.path)), hosts, host, SparseLog(log))
        pages = Set(routes.filter(\.isPage).map(\.path))
        let router = Router(context: APIContext.self)
        for (path, methods) in Dictionary(grouping: routes, by: \.path) {
            let byMethod = Dictionary(methods.map { ($0.method, $0) }) { first, _ in first }
            let allowed = Self.methods.filter { byMethod[$0] != nil || ($0 == .head && byMethod[.get] != nil) }
            for method in Self.methods {
                let route = byMethod[method] ?? (method == .head ? byMethod[.get] : nil)
                router.on(RouterPath(path), method: method) { request, context in
                    context.coreContext.endpointPath.value = path
                    guard let route else {
                        throw Problem(
                            .methodNotAllowed, "this takes \(allowed.map(\.rawValue).joined(separator: ", "))",
                            headers: [.allow: allowed.map(\.rawValue).joined(separator: ", ")], closes: true)
                    }
                    return try await checks.perform(route, request, context)
                }
            }
        }
        self.router = router.buildResponder()
    }

    private static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .delete, .patch, .options, .trace, .connect,
    ]

    func respond(to request: Request, context: APIContext) async throws -> Response {
        var context = context
        context.requestID = Self.id(of: request)
        var response: Response
        do {
            try hosts.check(request.head)
            guard Self.methods.contains(request.method) else {
                throw Problem(.notImplemented, "this method is not known", closes: true)
            }
            guard let path = request.head.path, path.hasPrefix("/"), !path.hasPrefix("//") else {
                throw Problem(.badRequest, "the request line has to hold a path", closes: true)
            }
            response = try await router.respond(to: request, context: context)
            if !paths.contains(context.endpointPath ?? "") {
                throw Problem(.notFound, "there is nothing here; /api/openapi.json lists what there is", closes: true)
            }
        } catch let problem as Problem {
            response = answer(problem, to: request, context)
        } catch let error where FramingError.status(of: error) != nil {
            // It is answered already where it can be, and counted.
            response = answer(
                Problem(.badRequest, "the body is no HTTP, or ends too early", closes: true), to: request, context)
        } catch {
            // The reason may name files of this machine: it goes to the log, and its id to whoever asked.
            log.warning("request \(context.requestID): \(error)")
            let problem = Problem(
                .internalServerError, "it failed; the service's log tells more under this request id", closes: true)
            response = answer(problem, to: request, context)
        }
        if request.method == .head { response = Self.headers(of: response) }
        response.headers[.requestID] = context.requestID
        for (name, value) in Self.always where response.headers[name] == nil { response.headers[name] = value }
        let route = context.endpointPath.flatMap { paths.contains($0) ? $0 : nil } ?? "none"
        await host.answered(route, request.method.rawValue, response.status.code)
        return response
    }

    /// JSON for programs. For people a page, or the way to where they can say who they are.
    private func answer(_ problem: Problem, to request: Request, _ context: APIContext) -> Response {
        let wantsPage = request.headers[.accept]?.contains("text/html") ?? false
        guard pages.contains(context.endpointPath ?? "") || (wantsPage && problem.status == .notFound) else {
            return problem.response(requestID: context.requestID)
        }
        if problem.status == .unauthorized, request.method == .get || request.method == .head {
            let next = PageAnswer.ownPath(request.head.path).addingPercentEncoding(withAllowedCharacters: .alphanumerics)
            return PageAnswer.redirect(to: "/sign-in?next=\(next ?? "%2F")")
        }
        let page = Console.problem(
            title: problem.status.reasonPhrase, detail: problem.detail, requestID: context.requestID)
        var response = PageAnswer.response(page, in: .plain(now: .wallClock), to: request, status: problem.status)
        for field in problem.headers where field.name != .wwwAuthenticate { response.headers[field.name] = field.value }
        if problem.closes { response.headers[.connection] = "close" }
        return response
    }

    /// The same length, and no body.
    private static func headers(of response: Response) -> Response {
        var headers = response.headers
        if headers[.contentLength] == nil, let length = response.body.contentLength, length > 0 {
            headers[.contentLength] = "\(length)"
        }
        return Response(status: response.status, headers: headers, body: ResponseBody { try await $0.finish(nil) })
    }

    private static let always: [(HTTPField.Name, String)] = [
        (.cacheControl, "no-store"), (.xContentTypeOptions, "nosniff"),
        (.contentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'"),
        (.frameOptions, "DENY"), (.referrerPolicy, "no-referrer"),
        (.resourcePolicy, "same-origin"),
    ]

    /// The client's, if it can be one: 1 to 64 of letters, digits and `-_.`; a new one otherwise.
    private static func id(of request: Request) -> String {
        let given = request.headers[values: .requestID]
        if given.count == 1, (1...64).contains(given[0].utf8.count),
            given[0].utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x2E || byte == 0x5F
            })
        {
            return given[0]
        }
        return String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt32.random(in: .min ... .max), radix: 36)
    }
}
