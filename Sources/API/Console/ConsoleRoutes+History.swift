import CurfewConsole
import CurfewJournal
import CurfewModel
import CurfewViews
import Hummingbird
import NIOCore

extension ConsoleRoutes {
    /// What a commit may have caused.
    private static let deeds = ["rollout.", "plan.", "revert.", "source.", "bundle.", "grant."]
    private static let mostCommits = 60

    var timeline: Route {
        page("/timeline", query: ["span"]) { call in
            let span =
                try call.query["span"].map { text in
                    guard let span = Console.TimeSpan(rawValue: text) else {
                        throw Problem.badRequest(
                            "'span' takes one of \(Console.TimeSpan.allCases.map(\.rawValue).joined(separator: ", "))")
                    }
                    return span
                } ?? .day
            let now = Instant.wallClock
            let (status, commits) = (await host.status(), try await host.commits(limit: Self.mostCommits))
            let kinds = try await journal.kinds().filter { kind in Self.deeds.contains { kind.hasPrefix($0) } }
            let events = kinds.isEmpty ? [] : try await journal.search(EventQuery(kinds: kinds), limit: 3000)
            let begin = Instant(milliseconds: now.milliseconds - span.length.milliseconds)
            let lives = try await self.lives(since: Self.longBefore(begin)).filter { life in
                life.wasThere(at: begin, now: now) || (life.from ?? life.refused?.at).map { $0 >= begin } ?? false
            }
            return Console.timeline(status, commits: commits, events: events, lives: lives, span: span, at: now)
        }
    }

    var access: Route {
        page("/access", query: ["at"]) { call in
            let now = Instant.wallClock
            let moment = try call.query["at"].flatMap { $0.isEmpty ? nil : $0 }.map(Self.moment)
            let status = await host.status()
            let refusals = try await journal.search(
                EventQuery(kinds: ["grant.refused", "attempt.refused", "entry.alert"]), limit: 50)
            let recent = GrantLife.all(in: try await journal.search(EventQuery(kinds: GrantLife.kinds), limit: 600))
            let past = recent.filter { $0.from != nil && $0.ended != nil }.reversed().prefix(50)
            return Console.access(
                status, sessions: try await newestSessions(), refusals: refusals, past: Array(past),
                moment: try await holders(at: moment, now: now), at: now)
        }
    }

    private func holders(at moment: Instant?, now: Instant) async throws -> Console.Moment? {
        guard let moment else { return nil }
        let lives = try await lives(since: Self.longBefore(moment))
        let first = try await journal.events(after: 0, limit: 1, kind: nil, workload: nil).first?.at
        return Console.Moment(
            at: moment, holders: lives.filter { $0.wasThere(at: moment, now: now) },
            journalBegins: first.flatMap { $0 > moment ? $0 : nil })
    }

    /// Grants of which something was told since then.
    private func lives(since: Instant) async throws -> [GrantLife] {
        var query = EventQuery(kinds: GrantLife.kinds)
        query.since = since
        return GrantLife.all(in: try await journal.search(query, limit: 20_000))
    }

    /// No grant is longer than 30 days.
    private static func longBefore(_ moment: Instant) -> Instant {
        Instant(milliseconds: max(0, moment.milliseconds - 31 * 86_400_000))
    }

    /// `2026-11-23T14:05`, with seconds or without: UTC.
    static func moment(_ text: String) throws(Problem) -> Instant {
        let whole = text.utf8.count == 16 ? text + ":00" : text
        guard let moment = Instant(timestamp: whole.hasSuffix("Z") ? whole : whole + "Z") else {
            throw .badRequest("a moment is written 2026-11-23T14:05, in UTC")
        }
        return moment
    }
}
