public import CurfewJournal
public import CurfewModel
public import CurfewViews

extension Console {
    /// All grants of one name: those on the branch, and those that are over.
    /// - Parameter events: theirs and their sessions', newest first.
    public static func grant(
        _ name: Name, status: StatusView, lives: [GrantLife], sessions: [SessionView], events: [JournalEvent], at now: Instant
    ) -> Page {
        let present = status.grants.filter { $0.name == name.rawValue }
        var cards = present.map { grant in self.present(grant, lives.last { $0.id.hasSuffix(grant.blob.prefix(12)) }) }
        let shownIDs = Set(present.map { "\($0.name)-\($0.blob.prefix(12))" })
        cards += lives.reversed().filter { !shownIDs.contains($0.id) }.map(past)
        let fields: Fields = [
            "name": name.rawValue, "lives": cards, "hasSessions": !sessions.isEmpty,
            "sessions": sessions.reversed().map(session), "commands": commands(name, status, present.first),
        ]
        return Page(
            title: "Grant \(name)", content: Templates.fill("grant", fields.merging(EventTable.fields(of: events)) { $1 }))
    }

    private static func present(_ grant: GrantView, _ life: GrantLife?) -> Fields {
        let card = GrantCard.fields(of: grant, sessions: [])
        let own: Fields = [
            "from": shown(life?.from?.timestamp ?? grant.start),
            "fromText": Words.moment(life?.from?.timestamp ?? grant.start ?? ""),
            "until": shown(grant.end), "untilText": Words.moment(grant.end ?? ""), "ending": shown(life?.ending),
            "used": shown(life?.used), "broughtBy": shown(life?.broughtBy),
            "broughtByShort": Words.short(life?.broughtBy ?? ""),
            "id": "grants/\(grant.name).yaml at blob \(grant.blob.prefix(12))", "evidence": shown(life?.evidence),
        ]
        return card.merging(own) { $1 }
    }

    private static func past(_ life: GrantLife) -> Fields {
        [
            "person": life.person.isEmpty ? "somebody" : life.person, "role": life.role.isEmpty ? "something" : life.role,
            "state": life.from == nil ? "refused" : life.ended == nil ? "given" : "ended", "reason": shown(life.reason),
            "from": shown(life.from?.timestamp), "fromText": life.from.map(Words.moment) ?? "",
            "until": shown((life.ended ?? life.planned)?.timestamp),
            "untilText": (life.ended ?? life.planned).map(Words.moment) ?? "",
            "countdown": false, "approvedBy": Words.list(life.approvedBy, empty: "nobody"),
            "backends": Words.list(life.backends, empty: "nothing"), "touches": shown(life.touches.joined(separator: ", ")),
            "endsItself": false, "ending": shown(life.ending), "used": shown(life.used), "broughtBy": shown(life.broughtBy),
            "broughtByShort": Words.short(life.broughtBy), "id": life.id, "hasMissing": life.refused != nil,
            "missing": life.refused.map { [$0.why] } ?? [], "evidence": shown(life.evidence),
        ]
    }

    private static func session(_ session: SessionView) -> Fields {
        [
            "began": session.began ?? "", "beganText": Words.moment(session.began ?? ""), "workload": session.workload ?? "",
            "instance": session.instance ?? "", "command": session.command ?? "", "how": ending(of: session),
            "recording": EventTable.isRecording(session.recording) ? session.recording : "",
        ]
    }

    static func ending(of session: SessionView) -> String {
        guard let ended = session.ended else { return "goes on" }
        let code = session.exitCode.map { ", exit code \($0)" } ?? ""
        return "\(Words.moment(ended)): \(session.why ?? "ended")\(code)"
    }

    private static func commands(_ name: Name, _ status: StatusView, _ grant: GrantView?) -> [Fields] {
        let branch = Shell.word(status.source.branch)
        guard let grant else {
            return [command("It is off the branch. Its file as it was:", "git log -p --follow -- 'grants/\(name).yaml'")]
        }
        var commands: [Fields] = []
        if grant.state == "pending" {
            commands.append(
                command(
                    "Approve it: a signed tag, pushed.",
                    "git fetch && git switch --detach origin/\(branch)\ncurfew approve \(name)"))
        }
        commands.append(
            command(
                grant.state == "pending" ? "Deny it, or take it back:" : "Give it back before its time:",
                "git switch \(branch) && git pull\ngit rm 'grants/\(name).yaml'\ngit commit -m 'Give back \(name)'\ngit push"))
        return commands
    }
}
