import CurfewConsole
import CurfewJournal
import CurfewModel
import CurfewViews
import HTTPTypes
import Hummingbird
import NIOCore

extension ConsoleRoutes {
    private static let filters = ["text", "kind", "workload", "since", "until"]
    private static let perPage = 100

    var journalPage: Route {
        page("/journal", query: Self.filters + ["before"]) { call in
            var (search, query) = try Self.search(call)
            query.before = try call.number("before", 1...Int64.max)
            let found = try await journal.search(query, limit: Self.perPage + 1)
            (search.text, search.kind) = (call.query["text"] ?? "", call.query["kind"] ?? "")
            return Console.journal(
                Array(found.prefix(Self.perPage)), search: search, kinds: try await journal.kinds(),
                isCut: found.count > Self.perPage, isOlder: query.before != nil, chain: await chain())
        }
    }

    /// Everything that was found as JSON lines, newest first, as long as it may be.
    var export: Route {
        Route(
            method: .get, path: "/journal/export", access: .viewer, about: "Events as JSON lines.",
            query: Self.filters.map { Route.Query(name: $0, schema: .text, about: "") }, contentType: "application/jsonl",
            isPage: true
        ) { call in
            let (_, query) = try Self.search(call)
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/jsonl; charset=utf-8",
                    .contentDisposition: "attachment; filename=\"journal.jsonl\"",
                ],
                body: ResponseBody { writer in
                    var position: Int64? = Int64.max
                    while let before = position { position = try await write(query, before: before, &writer) }
                    try await writer.finish(nil)
                })
        }
    }

    /// Writes one batch; returns where the next begins.
    private func write(_ query: EventQuery, before: Int64, _ writer: inout any ResponseBodyWriter) async throws -> Int64? {
        var query = query
        query.before = before
        let events = try await journal.search(query, limit: 500)
        guard let last = events.last else { return nil }
        let lines = events.map { String(decoding: JSONAnswer.data(EventView($0)), as: UTF8.self) + "\n" }
        try await writer.write(ByteBuffer(string: lines.joined()))
        return last.sequence
    }

    private static func search(_ call: Call) throws(Problem) -> (Console.Search, EventQuery) {
        func value(_ name: String) -> String? { call.query[name].flatMap { $0.isEmpty ? nil : $0 } }
        var (search, query) = (Console.Search(), EventQuery())
        if value("kind") != nil { query.kindPrefix = try Routes.kind(call) }
        if let text = value("workload") { query.workload = try Routes.workloadName(text) }
        if let text = value("since") { query.since = try moment(text) }
        if let text = value("until") { query.until = try moment(text) }
        query.text = value("text")
        (search.text, search.kind, search.workload) = (value("text") ?? "", value("kind") ?? "", value("workload") ?? "")
        (search.since, search.until) = (value("since") ?? "", value("until") ?? "")
        return (search, query)
    }

    /// The chain's status in a sentence. A walk of a long journal goes on behind it.
    private func chain() async -> String {
        do {
            let found = try await Deadline.race(.seconds(1)) { try await journal.verify(within: .seconds(300)) }
            let at = String(found.at.text.dropLast())
            guard found.report.isSound else {
                let place = found.report.brokenAt.map { " at event \($0)" } ?? ""
                return "The hash chain is BROKEN\(place): somebody changed the journal. curfew events --verify tells more."
            }
            return
                "The hash chain is whole: \(found.report.count) events, walked at \(at), head \(found.report.head.prefix(16))…"
        } catch { return "The hash chain is being walked; load the page again in a moment." }
    }
}
