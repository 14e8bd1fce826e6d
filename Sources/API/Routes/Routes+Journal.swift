import CurfewJournal
import CurfewModel
import CurfewViews
import Hummingbird

extension Routes {
    var journalRoutes: [Route] {
        [events, follow, changes, sessions, verify]
    }

    private static let filters = [
        Route.Query(name: "kind", schema: .text, about: "Only kinds that begin with this: rollout, grant, …"),
        Route.Query(name: "workload", schema: .text, about: "Only about this workload."),
    ]

    private var events: Route {
        Route(
            method: .get, path: "/api/v1/events", access: .viewer,
            about: "Events of the journal, oldest first; without `after` the newest ones.",
            query: [
                Route.Query(name: "after", schema: .integer, about: "Only those with a greater sequence number."),
                Route.Query(name: "limit", schema: .integer, about: "1 to 1000, 100 when left out."),
            ] + Self.filters,
            answer: .fields(["events": .list(Schema.event), "next": .integer])
        ) { call in
            let limit = Int(try call.number("limit", 1...1000) ?? 100)
            let after = try call.number("after", 0...Int64.max)
            let (kind, workload) = (try Self.kind(call), try call.query["workload"].map(Self.workloadName))
            let found =
                if let after {
                    try await journal.events(after: after, limit: limit, kind: kind, workload: workload)
                } else {
                    try await journal.last(limit, kind: kind, workload: workload)
                }
            let shown = Self.fitting(found, fromTheEnd: after == nil)
            return JSONAnswer.response(
                EventsView(events: shown.map(EventView.init), next: shown.last?.sequence ?? after ?? 0))
        }
    }

    private var follow: Route {
        Route(
            method: .get, path: "/api/v1/events/stream", access: .viewer,
            about: "Events as they come, as server-sent events; `Last-Event-ID` or `after` says where to begin.",
            query: [
                Route.Query(name: "after", schema: .integer, about: "Begin behind this sequence number; now when left out.")
            ]
                + Self.filters,
            contentType: "text/event-stream", isStream: true
        ) { call in
            _ = try Self.kind(call)
            return try await stream.open(call)
        }
    }

    private var changes: Route {
        Route(
            method: .get, path: "/api/v1/changes", access: .viewer,
            about: "That there is something new, as server-sent events: the last sequence number, and nothing of it.",
            contentType: "text/event-stream", isStream: true
        ) { try await stream.open($0, isBell: true) }
    }

    private var sessions: Route {
        Route(
            method: .get, path: "/api/v1/sessions", access: .viewer,
            about: "Who went into an instance under which grant, in the order in which they began.",
            query: [
                Route.Query(name: "limit", schema: .integer, about: "1 to 1000 of the newest, 50 when left out."),
                Route.Query(name: "grant", schema: .text, about: "Only under this grant."),
            ],
            answer: .fields(["sessions": .list(Schema.session)])
        ) { call in
            let limit = Int(try call.number("limit", 1...1000) ?? 50)
            let grant = try call.query["grant"].map(Self.workloadName)
            let found = SessionView.all(in: try await journal.last(10_000, kind: "session."))
            let shown = found.filter { session in grant.map { $0.rawValue == session.grant } ?? true }.suffix(limit)
            return JSONAnswer.response(SessionsView(sessions: Array(shown)))
        }
    }

    private var verify: Route {
        Route(
            method: .get, path: "/api/v1/journal/verify", access: .viewer,
            about: "Walks the hash chain; 503 while a long walk goes on: ask again.", answer: Schema.chain
        ) { _ in
            let found = try await journal.verify()
            return JSONAnswer.response(ChainView(found.report, at: found.at))
        }
    }

    /// Most bytes of events in one answer; one event always fits.
    static let mostBytes = 8 << 20

    /// As many events as fit into an answer: the first ones, or the last.
    static func fitting(_ events: [JournalEvent], fromTheEnd: Bool) -> [JournalEvent] {
        var (count, size) = (0, 0)
        for event in fromTheEnd ? events.reversed() : events {
            size += event.message.utf8.count + event.details.reduce(200) { $0 + $1.key.utf8.count + $1.value.utf8.count }
            if size > mostBytes, count > 0 { break }
            count += 1
        }
        return Array(fromTheEnd ? events.suffix(count) : events.prefix(count))
    }

    static func kind(_ call: Call) throws(Problem) -> String? {
        guard let kind = call.query["kind"] else { return nil }
        let isKind = kind.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || ".-_".unicodeScalars.contains($0))
        }
        guard (1...100).contains(kind.utf8.count), isKind else {
            throw .badRequest("'kind' takes the beginning of a kind of event, such as rollout")
        }
        return kind
    }
}
