public import CurfewJournal
public import CurfewModel
public import CurfewViews

extension Console {
    /// Who had access at one moment.
    public struct Moment: Sendable {
        /// The moment.
        public var at: Instant
        /// Whose access was there.
        public var holders: [GrantLife]
        /// The first event of the journal, when the moment is before that.
        public var journalBegins: Instant?
        /// An answer.
        public init(at: Instant, holders: [GrantLife], journalBegins: Instant?) {
            (self.at, self.holders, self.journalBegins) = (at, holders, journalBegins)
        }
    }

    /// Who has access, who asks for it, who was refused, and who had it.
    /// - Parameters:
    ///   - refusals: newest first.
    ///   - past: lives that are over, newest first.
    public static func access(
        _ status: StatusView, sessions: [SessionView], refusals: [JournalEvent], past: [GrantLife], moment: Moment?,
        at now: Instant
    ) -> Page {
        func cards(_ states: Set<String>) -> [Fields] {
            status.grants.filter { states.contains($0.state) }.map { GrantCard.fields(of: $0, sessions: sessions) }
        }
        let (active, waiting, other) = (
            cards(["active", "ending", "starting"]), cards(["pending", "scheduled"]), cards(["ended", "refused"])
        )
        let yesterday = Instant(milliseconds: now.milliseconds - 86_400_000)
        let fields: Fields = [
            "atValue": Words.field(moment?.at ?? yesterday), "moment": moment.map { self.moment($0, now) } ?? false,
            "active": active, "hasActive": !active.isEmpty, "waiting": waiting, "hasWaiting": !waiting.isEmpty,
            "other": other, "hasOther": !other.isEmpty, "hasRefused": !refusals.isEmpty,
            "refusals": refusals.map {
                ["at": $0.at.timestamp, "atText": Words.moment($0.at), "kind": $0.kind, "message": $0.message] as Fields
            }, "hasPast": !past.isEmpty, "past": past.map { holder($0, now) },
        ]
        return Page(title: "Access", content: Templates.fill("access", fields))
    }

    private static func moment(_ moment: Moment, _ now: Instant) -> Fields {
        [
            "at": moment.at.timestamp, "text": Words.moment(moment.at), "hasHolders": !moment.holders.isEmpty,
            "holders": moment.holders.map { holder($0, now) }, "before": shown(moment.journalBegins.map(Words.moment)),
        ]
    }

    static func holder(_ life: GrantLife, _ now: Instant) -> Fields {
        let until = life.ended ?? life.planned
        let places = [
            life.backends.isEmpty ? nil : "on \(Words.list(life.backends, empty: ""))",
            life.touches.isEmpty ? nil : "touches \(Words.list(life.touches, empty: ""))",
        ]
        return [
            "name": life.name, "person": life.person, "role": life.role,
            "where": places.compactMap { $0 }.joined(separator: ", "),
            "approvedBy": Words.list(life.approvedBy, empty: "nobody (policy)"), "from": life.from?.timestamp ?? "",
            "fromText": life.from.map(Words.moment) ?? "never", "until": until?.timestamp ?? "",
            "untilText": until.map(Words.moment) ?? "open", "reason": life.reason,
            "ending": life.ended == nil ? "not proven gone yet" : "proven gone",
        ]
    }
}
