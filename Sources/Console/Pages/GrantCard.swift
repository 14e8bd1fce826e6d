import CurfewModel
import CurfewViews

/// A grant as a card, on several pages.
enum GrantCard {
    static func fields(of grant: GrantView, sessions: [SessionView]) -> Fields {
        let isOpen = grant.state == "active" || grant.state == "ending" || grant.state == "starting"
        let own = sessions.filter { $0.grant == grant.name }
        let open = own.count { $0.ended == nil }
        return [
            "name": grant.name, "person": grant.person ?? "somebody", "role": grant.role ?? "something",
            "state": grant.state, "reason": shown(grant.reason),
            "countdown": isOpen ? Words.fields(of: grant.end) : false,
            "begins": grant.state == "scheduled" ? Words.fields(of: grant.start) : false,
            "approvedBy": Words.list(grant.approvedBy, empty: "nobody"),
            "backends": Words.list(grant.backends, empty: "nothing yet"),
            "touches": shown(grant.touches.joined(separator: ", ")),
            "endsItself": shown(endsItself(grant)), "hasUse": !own.isEmpty,
            "use": Words.count(own.count, "session") + (open > 0 ? ", \(open) open" : ""),
            "hasMissing": !grant.reasons.isEmpty, "missing": grant.reasons,
        ]
    }

    /// Whether the target ends it, whatever becomes of Curfew.
    static func endsItself(_ grant: GrantView) -> String? {
        guard !grant.backends.isEmpty else { return nil }
        let others = grant.backends.filter { !grant.selfEnding.contains($0) }
        if others.isEmpty { return "yes, on every target" }
        return grant.selfEnding.isEmpty
            ? "no: by Curfew" : "on \(Words.list(grant.selfEnding, empty: "")); by Curfew on \(Words.list(others, empty: ""))"
    }
}
