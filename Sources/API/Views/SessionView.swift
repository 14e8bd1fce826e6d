import CurfewJournal
import CurfewModel

/// A session under a grant, as the journal tells it.
struct SessionView: Encodable, Sendable {
    var recording: String
    var grant: String?
    var person: String?
    var workload: String?
    var instance: String?
    var command: String?
    var began: String?
    var ended: String?
    var seconds: String?
    var exitCode: String?
    /// How it ended; left out while it goes on.
    var why: String?
    var sha256: String?

    /// Each session once, in the order in which they began.
    static func all(in events: [JournalEvent]) -> [SessionView] {
        var (order, sessions): ([String], [String: SessionView]) = ([], [:])
        for event in events {
            guard let id = event.details["recording"] else { continue }
            if sessions[id] == nil { order.append(id) }
            var session = sessions[id] ?? SessionView(recording: id)
            session.take(event)
            sessions[id] = session
        }
        return order.compactMap { sessions[$0] }
    }

    private mutating func take(_ event: JournalEvent) {
        let details = event.details
        (grant, person) = (details["grant"] ?? grant, details["person"] ?? person)
        (workload, instance) = (details["workload"] ?? workload, details["instance"] ?? instance)
        command = details["command"] ?? command
        if event.kind == "session.started" { began = event.at.timestamp }
        guard event.kind == "session.ended" else { return }
        (ended, seconds, exitCode) = (event.at.timestamp, details["seconds"], details["exitCode"])
        (why, sha256) = (details["why"], details["sha256"])
    }
}
