import CoreMetrics
import CurfewJournal
import CurfewMetrics
import CurfewModel

/// What the service measures. Recording is an addition in memory: it never waits, never fails, and stops nothing.
struct Telemetry: Sendable {
    /// The parts of a tick, and of the keeper of grants, whose time is told.
    enum Stage: String, Sendable, CaseIterable { case load, observe, plan, edge, record }

    let registry: MetricsRegistry

    init() { registry = MetricsRegistry(MetricNames.all) }

    func took(_ stage: Stage, since start: ContinuousClock.Instant) {
        Recorder(label: MetricNames.reconcile, dimensions: [("stage", stage.rawValue)], factory: registry)
            .record(Self.seconds(ContinuousClock.now - start))
    }

    /// The branch as it was first seen then runs now.
    func converged(after span: Span) { record(MetricNames.converged, span) }

    /// Access was given that long after it could have been.
    func given(after span: Span) { record(MetricNames.given, span) }

    /// Access was proven gone that long after its end.
    func revoked(after span: Span) { record(MetricNames.revoked, span) }

    func drift(_ kind: String) { count(MetricNames.drift, ("kind", kind)) }

    func fetched(_ isGood: Bool) {
        count(MetricNames.fetches, ("result", isGood ? "success" : "error"))
    }

    func answered(_ route: String, _ code: Int) {
        Counter(label: MetricNames.requests, dimensions: [("route", route), ("code", "\(code)")], factory: registry).increment()
    }

    func set(_ name: String, _ value: Double, _ labels: (String, String)...) {
        Meter(label: name, dimensions: labels, factory: registry).set(value)
    }

    /// Counts what was written into the journal.
    func appended(_ events: [JournalEvent]) {
        for event in events {
            count(MetricNames.events, ("kind", event.kind))
            switch event.kind {
            case "grant.refused": count(MetricNames.refused, ("reason", "grant"))
            case "attempt.refused": count(MetricNames.refused, ("reason", "entry"))
            case "source.held": count(MetricNames.refused, ("reason", "commit"))
            case "bundle.held": count(MetricNames.refused, ("reason", "bundle"))
            case "entry.alert": count(MetricNames.entries)
            case "rollout.finished", "rollout.failed":
                count(MetricNames.rollouts, ("result", String(event.kind.dropFirst("rollout.".count))))
            case _ where event.kind.hasPrefix("revert."):
                count(MetricNames.reverts, ("result", String(event.kind.dropFirst("revert.".count))))
            default: break
            }
        }
        if let last = events.last, last.sequence > 0 { set(MetricNames.journal, Double(last.sequence)) }
    }

    private func count(_ name: String, _ labels: (String, String)...) {
        Counter(label: name, dimensions: labels, factory: registry).increment()
    }

    private func record(_ name: String, _ span: Span) {
        Recorder(label: name, factory: registry).record(max(0, Double(span.milliseconds) / 1000))
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
