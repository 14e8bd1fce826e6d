public import CurfewJournal
public import CurfewModel

/// One grant from its first word in the journal to its last.
public struct GrantLife: Sendable, Hashable {
    /// `<name>-<12 digits of the blob>`.
    public var id: String
    /// The name of its file.
    public var name: String
    public var person = ""
    public var role = ""
    public var reason = ""
    public var approvedBy: [String] = []
    public var backends: [String] = []
    public var touches: [String] = []
    public var broughtBy = ""
    /// When its access was there.
    public var from: Instant?
    /// When it was to end.
    public var planned: Instant?
    /// When it was proven gone.
    public var ended: Instant?
    /// How it ended.
    public var ending = ""
    public var evidence = ""
    public var used = ""
    /// Why it gave no access, and when that was said.
    public var refused: (at: Instant, why: String)?

    public static func == (left: GrantLife, right: GrantLife) -> Bool { left.id == right.id && left.from == right.from }
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// The kinds of events that tell of it.
    public static let kinds = [
        "grant.given", "grant.ended", "grant.revoked", "grant.refused", "grant.reverted", "grant.reviewed",
    ]

    /// Puts lives together from events, in any order; those that began first come first.
    public static func all(in events: [JournalEvent]) -> [GrantLife] {
        var (order, lives): ([String], [String: GrantLife]) = ([], [:])
        for event in events.sorted(by: { $0.sequence < $1.sequence }) {
            guard let id = event.details["grant"], id.utf8.count > 13 else { continue }
            // The same file may come back after its end: another life.
            var key = id
            while let known = lives[key], known.ended != nil || known.refused != nil, event.kind == "grant.given" { key += "'" }
            while lives[key + "'"] != nil { key += "'" }
            if lives[key] == nil { order.append(key) }
            var life = lives[key] ?? GrantLife(id: id, name: String(id.dropLast(13)))
            life.take(event)
            lives[key] = life
        }
        return order.compactMap { lives[$0] }
    }

    private mutating func take(_ event: JournalEvent) {
        let details = event.details
        person = details["person"] ?? person
        role = details["role"] ?? role
        switch event.kind {
        case "grant.given":
            from = event.at
            planned = details["until"].flatMap { Instant(timestamp: $0) }
            (approvedBy, backends, touches) = (
                Self.list(details["approvedBy"]), Self.list(details["backends"]), Self.list(details["touches"])
            )
            (reason, broughtBy) = (details["reason"] ?? "", details["broughtBy"] ?? "")
        case "grant.ended":
            (ended, ending) = (event.at, event.message)
            (evidence, used) = (details["evidence"] ?? "", details["used"] ?? "")
        case "grant.refused": refused = (event.at, event.message)
        default: break
        }
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { String($0.drop { $0 == " " }) }
    }

    /// Whether its access was there at a moment, as far as is known `now`.
    public func wasThere(at moment: Instant, now: Instant) -> Bool {
        guard let from, from <= moment else { return false }
        return moment < (ended ?? max(planned ?? now, now))
    }
}
