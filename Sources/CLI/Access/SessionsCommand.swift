import ArgumentParser
import CurfewDaemon
import CurfewJournal
import CurfewModel

struct Sessions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who went into an instance under which grant, as the journal tells.",
        discussion: "Example: curfew sessions --grant alice-inc-4821")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption
    @Option(name: .long, help: "Only under this grant.") var grant: String?
    @Option(name: [.customShort("n"), .long], help: "How many of the newest.") var last = 50

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            guard (1...10_000).contains(last) else { throw ValidationError("--last takes a number from 1 to 10000") }
            let journal = try Journal.reader(path: StateFolder(path: configuration.state).journal)
            let events = try await journal.last(100_000, kind: "session.")
            let sessions = RecordedSession.all(in: events).filter { session in grant.map { $0 == session.grant } ?? true }
            let shown = Array(sessions.suffix(last))
            if output.format == .json { return try Terminal.json(shown) }
            guard !shown.isEmpty else { return Terminal.out("nobody went in") }
            var rows = [["RECORDING", "PERSON", "INSTANCE", "BEGAN", "LENGTH", "ENDED", "COMMAND"]]
            for session in shown {
                rows.append([
                    session.recording.escapingControls, session.person.escapingControls, session.instance.escapingControls,
                    session.began?.text ?? "?", session.seconds.map { "\($0.escapingControls) s" } ?? "",
                    session.why?.escapingControls ?? Terminal.paint("open", .yellow), session.command.escapingControls,
                ])
            }
            Terminal.table(rows)
        }
    }
}

/// A session as the journal tells it.
struct RecordedSession: Encodable {
    var recording: String
    var grant: String
    var person: String
    var workload: String
    var instance: String
    var command: String
    var began: Instant?
    var ended: Instant?
    var seconds: String?
    var exitCode: String?
    /// How it ended; `nil` = it goes on.
    var why: String?
    var sha256: String?

    private init(_ event: JournalEvent) {
        let details = event.details
        func text(_ key: String) -> String { details[key] ?? "?" }
        (recording, grant, person) = (text("recording"), text("grant"), text("person"))
        (workload, instance, command) = (text("workload"), text("instance"), text("command"))
    }

    /// Each session once, in the order in which they began.
    static func all(in events: [JournalEvent]) -> [RecordedSession] {
        var (order, sessions): ([String], [String: RecordedSession]) = ([], [:])
        for event in events {
            guard let id = event.details["recording"] else { continue }
            if sessions[id] == nil {
                sessions[id] = RecordedSession(event)
                order.append(id)
            }
            if event.kind == "session.started" { sessions[id]?.began = event.at }
            guard event.kind == "session.ended" else { continue }
            sessions[id]?.ended = event.at
            sessions[id]?.seconds = event.details["seconds"]
            sessions[id]?.exitCode = event.details["exitCode"]
            sessions[id]?.why = event.details["why"]
            sessions[id]?.sha256 = event.details["sha256"]
        }
        return order.compactMap { sessions[$0] }
    }
}
