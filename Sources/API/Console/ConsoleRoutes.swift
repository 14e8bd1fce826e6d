import CurfewConsole
import CurfewJournal
import CurfewModel
import CurfewViews
import HTTPTypes
import Hummingbird

/// The web console: pages over what the API tells. They read; what operators may wish for is what the API takes.
struct ConsoleRoutes: Sendable {
    let host: any APIHost
    let journal: JournalSource
    let doorman: Doorman
    let forms = FormKey()

    var all: [Route] {
        [now, timeline, access, workload, grant, journalPage, export, session, cast, act] + signing + assets
    }

    /// A page that everybody may see who may look.
    func page(
        _ path: String, query: [String] = [], isLive: Bool = true,
        _ make: @escaping @Sendable (Call) async throws -> Console.Page
    ) -> Route {
        Route(
            method: .get, path: path, access: .viewer, about: "A page of the console.",
            query: query.map { Route.Query(name: $0, schema: .text, about: "") }, contentType: "text/html", isPage: true
        ) { call in
            let page = try await make(call)
            return PageAnswer.response(page, in: await frame(of: call, isLive: isLive), to: call.request)
        }
    }

    func frame(of call: Call, isLive: Bool) async -> Console.Frame {
        let (status, caller) = (await host.status(), call.caller)
        var frame = Console.Frame(
            path: call.request.head.path ?? "/", caller: caller.name, isOperator: caller.role >= .operator,
            form: forms.proof(for: caller), canSignOut: caller.session != nil,
            canSignIn: caller == .anonymous && doorman.knowsTokens, isPaused: status.paused != nil, version: status.version,
            now: .wallClock)
        frame.isLive = isLive
        return frame
    }

    private var now: Route {
        page("/") { _ in
            let status = await host.status()
            let sessions = status.grants.contains { $0.state == "active" } ? try await newestSessions() : []
            return Console.now(status, sessions: sessions, at: .wallClock)
        }
    }

    private var workload: Route {
        page("/workloads/{name}") { call in
            let name = try Routes.pathName(call)
            let status = await host.status()
            guard let found = status.workloads.first(where: { $0.name == name.rawValue }) else {
                throw Problem.notFound("there is no workload '\(name)'")
            }
            var query = EventQuery()
            query.workload = name
            let events = try await journal.search(query, limit: 40)
            let logs = await lastLines(of: name)
            return Console.workload(
                found, status: status, plan: await host.plan(), events: events, logs: logs.text, logsProblem: logs.problem)
        }
    }

    /// The last lines, waited for no longer than somebody waits for a page.
    private func lastLines(of name: Name) async -> (text: String?, problem: String) {
        do {
            let lines = try await Deadline.race(.seconds(3)) { try await host.logs(of: name, lines: 60) }
            let text = (lines ?? []).suffix(300).map { "\($0.instance)  \($0.text.escapingControls)" }.joined(separator: "\n")
            return (text, "")
        } catch { return (nil, "They cannot be read just now; curfew logs \(name) says why.") }
    }

    private var grant: Route {
        page("/grants/{name}") { call in
            let name = try Routes.pathName(call)
            var query = EventQuery(kinds: GrantLife.kinds + Self.sessionKinds)
            query.text = name.rawValue
            let events = try await journal.search(query, limit: 500).filter { Console.grantName(of: $0) == name.rawValue }
            let status = await host.status()
            guard !events.isEmpty || status.grants.contains(where: { $0.name == name.rawValue }) else {
                throw Problem.notFound("no grant of the name '\(name)' is known")
            }
            return Console.grant(
                name, status: status, lives: GrantLife.all(in: events.filter { $0.kind.hasPrefix("grant.") }),
                sessions: SessionView.all(in: events.filter { $0.kind.hasPrefix("session.") }.reversed()), events: events,
                at: .wallClock)
        }
    }

    static let sessionKinds = ["session.started", "session.ended"]

    func newestSessions() async throws -> [SessionView] {
        SessionView.all(in: try await journal.search(EventQuery(kinds: Self.sessionKinds), limit: 1000).reversed())
    }

    private var assets: [Route] {
        Asset.all.map { asset in
            Route(
                method: .get, path: "/assets/\(asset.name)", access: .open, about: "A file of the console.",
                query: [Route.Query(name: "v", schema: .text, about: "Its version.")], contentType: asset.type, isPage: true
            ) { PageAnswer.asset(asset, to: $0.request) }
        }
    }
}
