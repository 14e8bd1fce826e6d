import CurfewModel
import CurfewNotifications

/// What goes on and ends, read from a status: each has a key that stays the same while it goes on.
enum Conditions {
    /// Everything that is wrong just now, by key.
    static func of(_ status: Status) -> [String: Notice] {
        var found: [String: Notice] = [:]
        func add(_ kind: String, _ subject: String, _ message: String, workload: Name? = nil) {
            let key = subject.isEmpty ? kind : "\(kind)/\(subject)"
            found[key] = Notice(
                id: key, kind: kind, severity: NoticeKinds.severity(of: kind), state: .firing,
                message: message.escapingControls, workload: workload, at: status.at)
        }
        if let problem = status.source.problem { add("source.unreachable", "", "the Git host does not answer: \(problem)") }
        if let held = status.source.held { add("source.held", "", "the branch is held: \(held)") }
        for workload in status.workloads where !workload.pinned {
            let why = workload.message.map { ": \($0)" } ?? ""
            if workload.state == .failed {
                add("workload.failed", workload.name.rawValue, "\(workload.name) has failed\(why)", workload: workload.name)
            } else if workload.state == .held {
                add("workload.held", workload.name.rawValue, "\(workload.name) is held\(why)", workload: workload.name)
            }
        }
        for held in status.heldBundles {
            let first = held.diagnostics.first.map { ": \($0)" } ?? ""
            add("bundle.held", held.bundle.rawValue, "bundle \(held.bundle) is not applied\(first)")
        }
        // Alerts of entries and of ends that are overdue are events of their own.
        for problem in status.problems
        where !problem.contains("was entered with no live grant") && !problem.contains("is overdue since") {
            add("problem", Self.digest(problem), problem)
        }
        return found
    }

    /// The beginning of a problem without its figures: they may change while it is the same problem.
    private static func digest(_ text: String) -> String {
        text.prefix(bytes: 2000).filter { !$0.isNumber }.escapingControls.prefix(bytes: 120)
    }

    /// A reminder for each live grant that ends within `span`.
    static func reminders(_ status: Status, within span: Span, now: Instant) -> [Notice] {
        status.grants.compactMap { grant in
            guard grant.state == "active", let end = grant.end, end > now, end - now <= span else { return nil }
            return Notice(
                id: "grant.ending/\(grant.name)/\(grant.blob.short)/\(end.milliseconds)", kind: "grant.ending",
                severity: .info, message: "\(grant.name) of \(grant.person.map(\.rawValue) ?? "somebody") ends at \(end.text)",
                person: grant.person, details: ["role": grant.role?.rawValue ?? ""], at: now)
        }
    }
}
