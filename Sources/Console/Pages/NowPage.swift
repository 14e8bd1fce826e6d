public import CurfewModel
public import CurfewViews

extension Console {
    /// One look says whether all is well.
    /// - Parameter sessions: the newest sessions, for those under live grants.
    public static func now(_ status: StatusView, sessions: [SessionView], at now: Instant) -> Page {
        let banners = Banner.all(status)
        let live = status.grants.filter { ["active", "ending", "starting"].contains($0.state) }
        var fields: Fields = [
            "state": lamp(status, banners), "headline": headline(status, banners), "summary": summary(status),
            "branch": status.source.branch, "revision": status.revision.map(Words.short) ?? "nothing",
            "verification": verification(status), "lastFetch": Words.fields(of: status.source.lastFetch),
            "accessText": live.isEmpty ? "nobody" : Words.count(live.count, "grant"), "banners": banners.map(\.fields),
            "grants": live.map { GrantCard.fields(of: $0, sessions: sessions) }, "hasGrants": !live.isEmpty,
            "count": status.workloads.count, "hasWorkloads": !status.workloads.isEmpty,
            "rows": WorkloadRow.all(status.workloads), "tallies": tallies(status),
        ]
        fields["atValue"] = Words.field(Instant(milliseconds: now.milliseconds - 86_400_000))
        return Page(title: "Now: \(headline(status, banners))", content: Templates.fill("now", fields))
    }

    private static func lamp(_ status: StatusView, _ banners: [Banner]) -> String {
        status.state == "converged" && banners.contains { $0.isUrgent } ? "held" : status.state
    }

    private static func headline(_ status: StatusView, _ banners: [Banner]) -> String {
        switch status.state {
        case "failed": "Something has failed"
        case "held": "Something is held"
        case "progressing": "Changing"
        default: banners.contains { $0.isUrgent } ? "Running, with something to look at" : "All is well"
        }
    }

    private static func summary(_ status: StatusView) -> String {
        let ready = status.workloads.reduce(0) { $0 + min($1.ready, $1.desired) }
        let desired = status.workloads.reduce(0) { $0 + $1.desired }
        guard !status.workloads.isEmpty else { return "No workload is declared." }
        let well = status.workloads.count { $0.state == "converged" }
        let whole =
            well == status.workloads.count
            ? "\(Words.count(well, "workload")) as Git says"
            : "\(well) of \(Words.count(status.workloads.count, "workload")) as Git says"
        return "\(whole); \(ready) of \(Words.count(desired, "replica")) healthy."
    }

    private static func verification(_ status: StatusView) -> String {
        if status.trust == "none" { return "not verified: trust is off" }
        return status.verified ? "verified (\(status.trust))" : "not verified yet"
    }

    private static func tallies(_ status: StatusView) -> [Fields] {
        ["failed", "held", "progressing", "converged"].compactMap { state in
            let number = status.workloads.count { $0.state == state }
            return number == 0 ? nil : ["state": state, "label": state, "number": number]
        }
    }
}

/// Something that everybody has to see.
struct Banner {
    var tone = "busy"
    var title: String
    var text: String
    var lines: [String] = []
    var action: String?
    var isUrgent = true

    var fields: Fields {
        [
            "tone": tone, "title": title, "text": text, "hasLines": !lines.isEmpty, "lines": lines, "action": shown(action),
            "isUrgent": isUrgent,
        ]
    }

    static func all(_ status: StatusView) -> [Banner] {
        var banners: [Banner] = []
        if let paused = status.paused {
            banners.append(
                Banner(
                    title: "Paused", text: "Nothing is changed: \(paused). Instances go on, access still ends on time.",
                    action: "Go on with: curfew resume"))
        }
        if let held = status.source.held {
            banners.append(
                Banner(tone: "bad", title: "The branch is held", text: held, action: "What was in force stays in force."))
        }
        if let problem = status.source.problem {
            let since = status.source.failingSince.map { " since \(Words.moment($0))" } ?? ""
            banners.append(
                Banner(
                    tone: "bad", title: "Git does not answer\(since)", text: problem,
                    action: "What is in force is kept as it is; grants end on time."))
        }
        for bundle in status.heldBundles {
            let last = bundle.lastGood.map { "It stays at \(Words.short($0))." } ?? "It was never good, so nothing of it runs."
            banners.append(
                Banner(title: "Bundle \(bundle.bundle) is held", text: last, lines: Array(bundle.diagnostics.prefix(20))))
        }
        if !status.problems.isEmpty {
            banners.append(
                Banner(
                    tone: "bad", title: Words.count(status.problems.count, "problem"), text: "Tried again until they are gone.",
                    lines: Array(status.problems.prefix(20))))
        }
        let told = Set(status.heldBundles.flatMap(\.diagnostics))
        let findings = status.diagnostics.filter { !told.contains($0) }
        if !findings.isEmpty {
            banners.append(
                Banner(
                    title: "Findings in the repository", text: "In the files of this revision:",
                    lines: Array(findings.prefix(20)), isUrgent: false))
        }
        if !status.pendingReverts.isEmpty {
            banners.append(
                Banner(
                    title: "Reverts on their way", text: "Not on the branch yet:",
                    lines: status.pendingReverts.map(Words.short),
                    isUrgent: false))
        }
        if status.trust == "none" {
            banners.append(
                Banner(
                    tone: "calm", title: "Trust is off",
                    text: "Every commit on the branch is taken, whoever wrote it; no access is given.",
                    action: "Set trust.mode in curfew.yaml to verify signatures and approvals.", isUrgent: false))
        }
        return banners
    }
}
