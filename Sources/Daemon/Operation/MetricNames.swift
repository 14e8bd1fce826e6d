import CurfewMetrics

/// Every metric, as Prometheus sees it. Names are an interface: alert rules and dashboards use them.
enum MetricNames {
    static let reconcile = "curfew_reconcile_duration_seconds"
    static let converged = "curfew_commit_converged_seconds"
    static let given = "curfew_grant_give_seconds"
    static let revoked = "curfew_revoke_seconds"
    static let grants = "curfew_grants"
    static let overdue = "curfew_grants_overdue"
    static let overdueSeconds = "curfew_grants_overdue_seconds"
    static let refused = "curfew_refused_attempts_total"
    static let entries = "curfew_unauthorised_entries_total"
    static let drift = "curfew_drift_total"
    static let rollouts = "curfew_rollouts_total"
    static let reverts = "curfew_reverts_total"
    static let fetches = "curfew_fetches_total"
    static let sinceFetch = "curfew_seconds_since_fetch"
    static let sinceTick = "curfew_seconds_since_tick"
    static let journal = "curfew_journal_events"
    static let writable = "curfew_journal_writable"
    static let workloads = "curfew_workloads"
    static let held = "curfew_held"
    static let paused = "curfew_paused"
    static let events = "curfew_events_total"
    static let requests = "curfew_api_requests_total"
    static let build = "curfew_build_info"

    private static let short = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30]
    private static let long = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800]

    static let all: [MetricDefinition] = [
        MetricDefinition(reconcile, .histogram(short), labels: ["stage"], "Time of one round of the loop, by stage."),
        MetricDefinition(converged, .histogram(long), "From the first sight of a commit to everything running as it says."),
        MetricDefinition(given, .histogram(long), "From the moment that a grant could begin to its access being there."),
        MetricDefinition(revoked, .histogram(long), "From the end of a grant to its access being proven gone."),
        MetricDefinition(grants, .gauge, labels: ["state"], "Grants that are not over and off the branch, by state."),
        MetricDefinition(overdue, .gauge, "Grants whose time is over and whose access is not proven gone."),
        MetricDefinition(overdueSeconds, .gauge, "How long the end that is overdue longest has been due; 0 when none is."),
        MetricDefinition(refused, .counter, labels: ["reason"], "Grants, commits, bundles and entries that were refused."),
        MetricDefinition(entries, .counter, "Entries into instances with no live grant."),
        MetricDefinition(drift, .counter, labels: ["kind"], "Instances that were not as they should be, by kind of drift."),
        MetricDefinition(rollouts, .counter, labels: ["result"], "Rollouts that finished or failed."),
        MetricDefinition(reverts, .counter, labels: ["result"], "Reverts of commits: pushed, delayed, impossible, …"),
        MetricDefinition(fetches, .counter, labels: ["result"], "Looks at the remote branch."),
        MetricDefinition(sinceFetch, .gauge, "Seconds since the remote branch was read."),
        MetricDefinition(sinceTick, .gauge, "Seconds since the loop turned."),
        MetricDefinition(journal, .gauge, "Sequence number of the last event of the journal."),
        MetricDefinition(writable, .gauge, "1 when the journal could be written when it was last tried."),
        MetricDefinition(workloads, .gauge, labels: ["state"], "Workloads by state."),
        MetricDefinition(held, .gauge, labels: ["what"], "1 for a held branch; the number of held bundles and workloads."),
        MetricDefinition(paused, .gauge, "1 while an operator has paused Curfew."),
        MetricDefinition(events, .counter, labels: ["kind"], "Events appended to the journal, by kind."),
        MetricDefinition(requests, .counter, labels: ["route", "code"], "Answers of the HTTP API."),
        MetricDefinition(build, .gauge, labels: ["version"], "Always 1; what runs here."),
    ]
}
