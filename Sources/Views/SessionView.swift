public import CurfewJournal
import CurfewModel

/// A session under a grant, as the journal tells it.
public struct SessionView: Encodable, Sendable, Hashable {
    public var recording: String
    public var grant: String?
    public var person: String?
    public var workload: String?
    public var instance: String?
    public var command: String?
    public var began: String?
    public var ended: String?
    public var seconds: String?
    public var exitCode: String?
    /// How it ended; left out while it goes on.
    public var why: String?
    public var sha256: String?

    /// Each session once, in the order in which they began.
    public static func all(in events: [JournalEvent]) -> [SessionView] {
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
