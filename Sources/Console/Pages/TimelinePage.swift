public import CurfewJournal
public import CurfewModel
public import CurfewViews

extension Console {
    /// How much of the past the timeline shows.
    public enum TimeSpan: String, Sendable, CaseIterable {
        case hours6 = "6h"
        case day = "24h"
        case week = "7d"
        case month = "30d"

        /// Its length.
        public var length: Span {
            switch self {
            case .hours6: .seconds(6 * 3600)
            case .day: .seconds(86_400)
            case .week: .seconds(7 * 86_400)
            case .month: .seconds(30 * 86_400)
            }
        }
    }

    /// Most events beside one commit.
    private static let mostDeeds = 12

    /// Commits on one side, what was done about each on the other; grants as bars.
    /// - Parameters:
    ///   - commits: newest first.
    ///   - events: those that a commit may have caused, newest first.
    ///   - lives: grants of the span.
    public static func timeline(
        _ status: StatusView, commits: [CommitView], events: [JournalEvent], lives: [GrantLife], span: TimeSpan, at now: Instant
    ) -> Page {
        var deeds: [String: [JournalEvent]] = [:]
        for event in events.reversed() { if let revision = event.revision { deeds[revision.hex, default: []].append(event) } }
        let chart = GrantChart(lives: lives, from: Instant(milliseconds: now.milliseconds - span.length.milliseconds), to: now)
        // What is newer than the revision in force has not taken effect.
        let force = commits.firstIndex { $0.id == status.revision }
        let fields: Fields = [
            "spans": TimeSpan.allCases.map { ["value": $0.rawValue, "isHere": $0 == span] as Fields },
            "branch": status.source.branch,
            "commits": commits.enumerated().map { index, commit -> Fields in
                let own = deeds[commit.id] ?? []
                return [
                    "id": commit.id, "short": Words.short(commit.id), "summary": commit.summary, "author": commit.author,
                    "at": commit.at, "atText": Words.moment(commit.at), "isOurs": commit.isOurs, "isInForce": index == force,
                    "isHeld": force.map { index < $0 } ?? false, "hasDeeds": !own.isEmpty,
                    "deeds": own.prefix(mostDeeds).map(deed),
                    "more": own.count > mostDeeds ? own.count - mostDeeds : false,
                ]
            },
        ]
        return Page(title: "Timeline", content: Templates.fill("timeline", fields.merging(chart.fields) { $1 }))
    }

    private static func deed(_ event: JournalEvent) -> Fields {
        let isBad = ["failed", "refused", "held", "alert", "impossible"].contains { event.kind.hasSuffix(".\($0)") }
        let isGood = ["finished", "pushed", "given"].contains { event.kind.hasSuffix(".\($0)") }
        return [
            "at": event.at.timestamp, "time": String(Words.moment(event.at).dropFirst(11)), "text": event.message,
            "tone": isBad ? "bad" : isGood ? "good" : "",
        ]
    }
}

/// Grants drawn against time, in a picture that is 1000 wide.
struct GrantChart {
    let lives: [GrantLife]
    let from: Instant
    let to: Instant
    private static let left = 210.0
    private static let right = 985.0
    /// Most rows; the table below the picture has them all.
    private static let mostRows = 60

    private func x(_ moment: Instant) -> Double {
        let share = Double((moment - from).milliseconds) / Double(max(1, (to - from).milliseconds))
        return Self.left + min(1.0, max(0.0, share)) * (Self.right - Self.left)
    }

    var fields: Fields {
        let rows = lives.prefix(Self.mostRows).enumerated().map { index, life in row(life, 34 + index * 24) }
        let ticks = (0...6).map { index -> Fields in
            let moment = from + Span(milliseconds: (to - from).milliseconds * Int64(index) / 6)
            let label =
                (to - from) > .seconds(2 * 86_400) ? String(moment.timestamp.dropFirst(5).prefix(5)) : Words.minute(moment)
            return ["x": Int(x(moment)), "label": label]
        }
        return [
            "hasLives": !lives.isEmpty, "lives": rows, "ticks": ticks, "height": 40 + rows.count * 24, "nowX": Int(x(to)),
            "livesText":
                "\(Words.count(lives.count, "grant")) between \(Words.moment(from)) and \(Words.moment(to)); the table below says the same",
        ]
    }

    private func row(_ life: GrantLife, _ y: Int) -> Fields {
        let start = life.from ?? life.refused?.at ?? from
        let end = life.from == nil ? start : life.ended ?? to
        let state = life.from == nil ? "refused" : life.ended == nil ? "active" : "over"
        var fields: Fields = [
            "name": life.name, "person": life.person, "role": life.role, "state": state, "y": y, "textY": y + 11,
            "label": String("\(life.person) · \(life.role)".prefix(30)), "tone": state, "x": Int(x(start)),
            "width": max(3, Int(x(end) - x(start))), "hasPlan": false, "planX": 0, "planWidth": 0,
            "from": life.from?.timestamp ?? "", "fromText": life.from.map(Words.moment) ?? "never",
            "until": (life.ended ?? life.planned)?.timestamp ?? "",
            "untilText": (life.ended ?? life.planned).map(Words.moment) ?? "–",
            "title": "\(life.person) as \(life.role): \(state)",
        ]
        if let planned = life.planned, life.ended.map({ $0 < planned }) ?? true {
            (fields["hasPlan"], fields["planX"], fields["planWidth"]) = (
                true, Int(x(start)), max(3, Int(x(planned) - x(start)))
            )
        }
        return fields
    }
}
