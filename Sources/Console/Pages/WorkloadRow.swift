import CurfewViews
import Synchronization

/// Rows of the table of workloads. A row is made again only when its workload has changed: the cost of a page grows with what
/// changed.
enum WorkloadRow {
    private static let known = Mutex<[String: (view: WorkloadView, html: String)]>([:])
    /// Most dots in a row.
    private static let mostDots = 24

    static func all(_ workloads: [WorkloadView]) -> String {
        let before = known.withLock { $0 }
        var now: [String: (view: WorkloadView, html: String)] = [:]
        now.reserveCapacity(workloads.count)
        var rows = ""
        for workload in workloads {
            var html = before[workload.name].flatMap { $0.view == workload ? $0.html : nil } ?? ""
            if html.isEmpty { html = Templates.fill("workloadrow", fields(of: workload)) }
            now[workload.name] = (workload, html)
            rows += html
        }
        let made = now
        known.withLock { $0 = made }
        return rows
    }

    /// What both the row and the workload's page show.
    static func fields(of workload: WorkloadView) -> Fields {
        var fields: Fields = [
            "name": workload.name, "state": workload.state, "message": shown(workload.message),
            "runtime": shown(workload.runtime), "generation": Words.generation(workload.generation),
            "ready": workload.ready, "desired": workload.desired, "dots": dots(of: workload),
            "replicasText": "\(workload.ready) of \(Words.count(workload.desired, "replica")) ready",
            "isPinned": workload.pinned, "address": shown(workload.address),
            "change": workload.change.map { change -> Fields in
                [
                    "author": change.author, "commit": change.commit, "short": Words.short(change.commit),
                    "summary": change.summary,
                ]
            } ?? false,
        ]
        fields.merge(shares(of: workload)) { first, _ in first }
        return fields
    }

    private static func shares(of workload: WorkloadView) -> Fields {
        var x = 0
        let shares = workload.traffic.map { share -> Fields in
            defer { x += share.percent }
            return ["x": x, "width": share.percent, "tone": share.generation == workload.generation ? "new" : "old"]
        }
        let text = workload.traffic.map { share in
            "\(share.percent) % \(share.generation == workload.generation ? "new" : Words.generation(share.generation))"
        }
        return ["hasShares": !shares.isEmpty, "shares": shares, "sharesText": text.joined(separator: ", ")]
    }

    /// A class for each dot: what should run, then what is on its way out.
    private static func dots(of workload: WorkloadView) -> [String] {
        let current = workload.instances.filter { $0.generation == workload.generation }
        var dots = current.map(tone)
        dots += Array(repeating: "gone", count: max(0, min(workload.desired, mostDots) - dots.count))
        dots += Array(repeating: "old", count: workload.instances.count - current.count)
        return Array(dots.prefix(mostDots))
    }

    /// `ok`, `wait` or `bad`.
    static func tone(of instance: InstanceView) -> String {
        if instance.state.hasPrefix("starting") || instance.health == "unknown" { return "wait" }
        let isWell = instance.health == "healthy" || instance.health == "running"
        return instance.state.hasPrefix("running") && isWell ? "ok" : "bad"
    }
}
