import CurfewDaemon
import CurfewModel

/// Writes a status for people.
struct StatusPrinter {
    var status: CurfewDaemon.Status
    /// The daemon that is alive, `nil` when none is.
    var daemon: Int32?

    func printText() {
        if daemon == nil {
            Terminal.out(Terminal.paint("no daemon is running; this is how it was at \(status.at.text)", .yellow))
        }
        if let by = status.paused { Terminal.out(Terminal.paint("paused by \(by); `curfew resume` goes on", .yellow)) }
        Terminal.out("state     \(painted(status.state))")
        let trust = status.verified ? "verified" : Terminal.paint("not verified (trust.mode: \(status.trust))", .red)
        Terminal.out("revision  \(status.revision.map(\.short) ?? "none")  \(trust)")
        printSource()
        printHolds()
        if !status.workloads.isEmpty { Terminal.out("") }
        var rows = status.workloads.isEmpty ? [] : [["WORKLOAD", "READY", "GENERATION", "ADDRESS", "STATE"]]
        for workload in status.workloads {
            var state = painted(workload.state)
            if workload.pinned { state += " " + Terminal.paint("(rolled back here)", .yellow) }
            if let message = workload.message { state += "  " + message.escapingControls }
            let places = Dictionary(grouping: workload.instances.compactMap(\.place)) { $0 }.sorted { $0.key < $1.key }
            if !places.isEmpty {
                let words = places.map { $0.value.count == 1 ? $0.key : "\($0.key) (\($0.value.count))" }
                state += "  on " + words.joined(separator: ", ").escapingControls
            }
            rows.append([
                workload.name.rawValue, "\(workload.ready)/\(workload.desired)", workload.generation?.short ?? "-",
                workload.address ?? "-", state,
            ])
        }
        Terminal.table(rows)
    }

    private func printSource() {
        let source = status.source
        if let problem = source.problem {
            let since = source.failingSince.map { " since \($0.text)" } ?? ""
            Terminal.out("source    \(Terminal.paint("unreachable\(since)", .red)): \(problem.escapingControls)")
        } else {
            Terminal.out(
                "source    \(source.url) \(source.branch)"
                    + (source.remote.map { $0 == source.url ? "" : " (from \($0))" } ?? ""))
        }
        if let held = source.held { Terminal.out("held      \(Terminal.paint(held.escapingControls, .yellow))") }
    }

    private func printHolds() {
        for held in status.heldBundles {
            Terminal.out("held      bundle \(held.bundle) stays at \(held.lastGood.map(\.short) ?? "nothing")")
            for diagnostic in held.diagnostics { Terminal.out("          \(diagnostic)") }
        }
        for hold in status.holds { Terminal.out("hold      \(Terminal.paint(hold.explanation.escapingControls, .yellow))") }
        for problem in status.problems { Terminal.out("problem   \(Terminal.paint(problem.escapingControls, .red))") }
        for revert in status.pendingReverts {
            let why = revert.problem.map { ": \($0.escapingControls)" } ?? ""
            Terminal.out("revert    of \(revert.commit.short) is not on the branch yet\(why)")
        }
    }

    private func painted(_ state: CurfewDaemon.Status.Overall) -> String {
        switch state {
        case .converged: Terminal.paint(state.rawValue, .green)
        case .progressing: Terminal.paint(state.rawValue, .blue)
        case .held: Terminal.paint(state.rawValue, .yellow)
        case .failed: Terminal.paint(state.rawValue, .red)
        }
    }
}
