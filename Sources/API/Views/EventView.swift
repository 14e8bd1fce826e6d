import CurfewJournal
import CurfewModel
import CurfewViews

/// An event of the journal.
struct EventView: Encodable, Sendable {
    var sequence: Int64
    var at: String
    var kind: String
    var workload: String?
    var revision: String?
    var message: String
    var details: [String: String]

    init(_ event: JournalEvent) {
        (sequence, at, kind) = (event.sequence, event.at.timestamp, event.kind)
        (workload, revision) = (event.workload?.rawValue, event.revision?.hex)
        (message, details) = (event.message, event.details)
    }
}

/// A page of events.
struct EventsView: Encodable, Sendable {
    var events: [EventView]
    /// What to give as `after` for those that follow.
    var next: Int64
}

/// Why something was refused.
struct VerdictView: Encodable, Sendable {
    /// `grant`, `commit`, `bundle` or `attempt`.
    var about: String
    var subject: String
    /// Whether it stands just now, or is history.
    var standing: Bool
    var at: String?
    var revision: String?
    var reasons: [String]
}

struct VerdictsView: Encodable, Sendable { var verdicts: [VerdictView] }
struct WorkloadsView: Encodable, Sendable { var workloads: [WorkloadView] }
struct InstancesView: Encodable, Sendable { var instances: [InstanceView] }
struct GrantsView: Encodable, Sendable { var grants: [GrantView] }
struct SessionsView: Encodable, Sendable { var sessions: [SessionView] }

/// The hash chain as it was found.
struct ChainView: Encodable, Sendable {
    var sound: Bool
    var count: Int64
    /// Hash of the last sound event; keep it elsewhere, and a rewritten journal shows.
    var head: String
    var brokenAt: Int64?
    var problem: String?
    /// When it was walked.
    var at: String

    init(_ report: ChainReport, at: Instant) {
        (sound, count, head) = (report.isSound, report.count, report.head)
        (brokenAt, problem, self.at) = (report.brokenAt, report.problem, at.timestamp)
    }
}

/// What was done about a wish.
struct DoneView: Encodable, Sendable { var done: String }

/// The process lives: `/healthz`.
struct AliveView: Encodable, Sendable { var alive = true }
