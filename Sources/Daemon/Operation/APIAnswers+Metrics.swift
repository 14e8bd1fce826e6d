import CurfewModel

extension APIAnswers {
    func metrics() async -> String {
        let picture = board.current
        let status = picture.status
        let now = clock.now
        telemetry.set(MetricNames.build, 1, ("version", Version.current))
        telemetry.set(MetricNames.sinceTick, Self.seconds(since: picture.tick))
        telemetry.set(MetricNames.writable, picture.journalProblem == nil ? 1 : 0)
        telemetry.set(MetricNames.paused, Controls(StateFolder(path: configuration.state)).pausedBy == nil ? 0 : 1)
        let overdue = picture.overdue(by: .zero, at: now)
        telemetry.set(MetricNames.overdue, Double(overdue.count))
        telemetry.set(MetricNames.overdueSeconds, Double(overdue.longest.milliseconds) / 1000)
        if let status {
            // A host that never answered has been silent since the start.
            let silence = status.source.lastFetch.map { max(0, Double((now - $0).milliseconds) / 1000) }
            telemetry.set(MetricNames.sinceFetch, silence ?? Self.seconds(since: board.started))
            // Every state, so that one that nobody is in any more goes back to 0.
            for state in ["converged", "progressing", "held", "failed"] {
                let count = status.workloads.count { $0.state.rawValue == state }
                telemetry.set(MetricNames.workloads, Double(count), ("state", state))
            }
            for state in ["pending", "scheduled", "starting", "active", "ending", "ended", "refused"] {
                telemetry.set(MetricNames.grants, Double(status.grants.count { $0.state == state }), ("state", state))
            }
            telemetry.set(MetricNames.held, status.source.held == nil ? 0 : 1, ("what", "branch"))
            telemetry.set(MetricNames.held, Double(status.heldBundles.count), ("what", "bundles"))
            telemetry.set(MetricNames.held, Double(status.holds.count), ("what", "workloads"))
        }
        return telemetry.registry.exposition()
    }
}
