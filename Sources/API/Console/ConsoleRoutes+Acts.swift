import CurfewConsole
import CurfewJournal
import CurfewModel
import CurfewViews
import Crypto
import HTTPTypes
import Hummingbird

extension ConsoleRoutes {
    /// What operators may wish for, from a form: the same as over the API.
    var act: Route {
        Route(
            method: .post, path: "/act", access: .operatorOnly, about: "Pause, resume, sync or retry.",
            contentType: "text/html", maxBody: 4096, isPage: true, judge: isFromHere
        ) { call in
            let form = Self.form(call)
            guard forms.accepts(form["form"] ?? "", from: call.caller) else {
                throw Problem(.forbidden, "this form is not one of this page's, or is too old; load the page again")
            }
            let by = "\(call.caller.name), in the console"
            switch form["do"] {
            case "pause":
                await note("pause", call)
                try await host.pause(by: by)
            case "resume":
                await note("resume", call)
                try await host.resume(by: by)
            case "sync": await host.sync()
            case "retry": await host.retry()
            default: throw Problem.badRequest("'do' takes pause, resume, sync or retry")
            }
            return PageAnswer.redirect(to: PageAnswer.ownPath(form["back"]))
        }
    }

    private func note(_ wish: String, _ call: Call) async {
        await host.note(
            "operator.\(wish)", "\(wish) in the console by \(call.caller.name)", ["by": call.caller.name, "request": call.id])
    }

    var signing: [Route] {
        [
            Route(
                method: .get, path: "/sign-in", access: .open, about: "Where to show a token.",
                query: [Route.Query(name: "next", schema: .text, about: "Where to go then.")], contentType: "text/html",
                isPage: true
            ) { call in
                var response = await signIn(call, next: PageAnswer.ownPath(call.query["next"]), problem: nil)
                response.headers[values: .setCookie] = doorman.cookie.clearingOutdated(in: call.request)
                return response
            },
            Route(
                method: .post, path: "/sign-in", access: .open, about: "Shows a token.", contentType: "text/html",
                maxBody: 16_384, isPage: true, judge: isFromHere
            ) { call in
                let form = Self.form(call)
                let (token, next) = (form["token"] ?? "", PageAnswer.ownPath(form["next"]))
                guard let credential = try? await doorman.credential(of: token) else {
                    return await signIn(call, next: next, problem: "This token is not known, or not good any more.")
                }
                // Whoever this browser was before is signed out; the new id has nothing to do with the old one.
                if let old = doorman.cookie.id(in: call.request) { doorman.sessions.end(old) }
                let cookie = doorman.cookie.header(doorman.sessions.begin(credential))
                return PageAnswer.redirect(to: next, cookies: [cookie] + doorman.cookie.clearingOutdated(in: call.request))
            },
            Route(
                method: .post, path: "/sign-out", access: .viewer, about: "Ends the session.", contentType: "text/html",
                maxBody: 4096, isPage: true, judge: isFromHere
            ) { call in
                guard forms.accepts(Self.form(call)["form"] ?? "", from: call.caller) else {
                    throw Problem(.forbidden, "this form is not one of this page's, or is too old; load the page again")
                }
                if let id = doorman.cookie.id(in: call.request) { doorman.sessions.end(id) }
                return PageAnswer.redirect(to: "/sign-in", cookies: [doorman.cookie.header(nil)])
            },
        ]
    }

    private func signIn(_ call: Call, next: String, problem: String?) async -> Response {
        let page = Console.signIn(next: next, problem: problem, hasProvider: doorman.identities != nil)
        return PageAnswer.response(
            page, in: Console.Frame.plain(now: .wallClock), to: call.request, status: problem == nil ? .ok : .unauthorized)
    }

    /// Browsers say where a form came from; what does not say so is no browser, and needs the proof all the same. Seen from
    /// the headers, before the form is read.
    private func isFromHere(_ request: Request) throws(Problem) {
        let site = request.headers[.fetchSite] ?? "none"
        let origins = request.headers[values: .origin]
        // With TLS the scheme is known; without it there may be a proxy in front that does it.
        let schemes = doorman.cookie.isSecure ? ["https"] : ["http", "https"]
        let own = request.head.authority.map { authority in schemes.map { "\($0)://\(authority)" } } ?? []
        guard ["same-origin", "none"].contains(site), origins.isEmpty || (origins.count == 1 && own.contains(origins[0])) else {
            throw Problem(.forbidden, "this comes from another site", closes: true)
        }
    }

    /// `application/x-www-form-urlencoded`, each name once.
    private static func form(_ call: Call) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in String(buffer: call.body).split(separator: "&").prefix(20) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = RouteChecks.plain(parts[0]), let value = RouteChecks.plain(parts[1]) else {
                continue
            }
            fields[name] = value
        }
        return fields
    }

    /// A session and its recording. For operators: what was typed may be anybody's secret.
    var session: Route {
        Route(
            method: .get, path: "/sessions/{name}", access: .operatorOnly, about: "A recorded session.",
            contentType: "text/html", isPage: true
        ) { call in
            let id = call.parameters["name"] ?? ""
            let session = try await known(id)
            let cast = try await host.recording(id)
            let text = cast.flatMap { Transcript.text(of: $0) }
            let digest = cast.map { SHA256.hash(data: $0).map { byte in Self.hex(byte) }.joined() }
            let integrity =
                session.sha256.map { $0 == digest ? "is what the journal says" : "is NOT what the journal says" } ?? ""
            let page = Console.session(
                session, transcript: text,
                problem: session.ended == nil
                    ? "It goes on; its recording is here when it has ended." : "There is no recording here.",
                integrity: integrity)
            return PageAnswer.response(page, in: await frame(of: call, isLive: text == nil), to: call.request)
        }
    }

    private static func hex(_ byte: UInt8) -> String { String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }

    var cast: Route {
        Route(
            method: .get, path: "/sessions/{name}/cast", access: .operatorOnly, about: "A recording, as asciicast.",
            contentType: "application/x-asciicast", isPage: true
        ) { call in
            let id = call.parameters["name"] ?? ""
            _ = try await known(id)
            guard let bytes = try await host.recording(id) else {
                throw Problem.notFound("there is no recording of that id here")
            }
            return PageAnswer.file(bytes, type: "application/x-asciicast")
        }
    }

    private func known(_ id: String) async throws -> SessionView {
        var query = EventQuery(kinds: Self.sessionKinds)
        query.text = id
        let events = try await journal.search(query, limit: 50).filter { $0.details["recording"] == id }
        guard let session = SessionView.all(in: events.reversed()).first else {
            throw Problem.notFound("no session of that id is known")
        }
        return session
    }
}
