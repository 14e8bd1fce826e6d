import CurfewJournal
import CurfewModel
import Logging
import Synchronization

/// What the journal says of sessions and of attempts.
final class SessionEvents: Sendable {
    private let journal: Journal
    private let log: Logger
    private let now: @Sendable () -> Instant
    private let limiter = Mutex(AttemptLimiter())

    init(journal: Journal, log: Logger, now: @escaping @Sendable () -> Instant) {
        (self.journal, self.log, self.now) = (journal, log, now)
    }

    /// - Throws: `JournalError`; then nothing may be begun.
    func started(_ facts: SessionFacts) async throws {
        try await journal.append(
            JournalEvent(
                at: now(), kind: "session.started", workload: facts.workload,
                message: "\(facts.person) enters \(facts.instance) under \(facts.grant.name): \(Self.shown(facts.command))",
                details: [
                    "grant": facts.grant.name.rawValue, "grantID": "\(facts.grant)", "person": facts.person.rawValue,
                    "workload": facts.workload.rawValue, "instance": facts.instance.rawValue,
                    "command": Self.shown(facts.command), "recording": facts.id, "until": facts.end.text,
                    "terminal": facts.terminal.map { "\($0.columns)x\($0.rows)" } ?? "none", "uid": "\(facts.account)",
                    "recordsInput": "\(facts.recordsInput)",
                ]))
    }

    /// What a session left.
    struct Ending: Sendable {
        var how: String
        var code: Int32?
        var seconds: Double
        var sent = 0
        var received = 0
        var recording: Recording.Finished?
        var problems: [String] = []
    }

    func ended(_ facts: SessionFacts, _ ending: Ending) async {
        var details = [
            "grant": facts.grant.name.rawValue, "grantID": "\(facts.grant)", "person": facts.person.rawValue,
            "workload": facts.workload.rawValue, "instance": facts.instance.rawValue, "recording": facts.id,
            "why": ending.how, "seconds": Self.text(ending.seconds), "bytesOut": "\(ending.sent)",
            "bytesIn": "\(ending.received)",
        ]
        details["exitCode"] = ending.code.map { "\($0)" }
        details["sha256"] = ending.recording?.digest
        details["recordingBytes"] = ending.recording.map { "\($0.bytes)" }
        if !ending.problems.isEmpty { details["problems"] = ending.problems.joined(separator: "; ") }
        await append(
            JournalEvent(
                at: now(), kind: "session.ended", workload: facts.workload,
                message: "\(facts.person) has left \(facts.instance) after \(Self.text(ending.seconds)) s: \(ending.how)",
                details: details))
    }

    /// Somebody was not let in. Not more often than one account may make itself heard.
    func refused(_ refusal: EntryRefusal, _ request: ExecRequest?, account: UInt32) async {
        guard let untold = limiter.withLock({ $0.take(account, now: now()) }) else { return }
        let key = request.flatMap { SSHPublicKey($0.key) }.map { KeyProof.fingerprint($0) }
        let who = refusal.person.map { "\($0)" } ?? "somebody (uid \(account))"
        let what = request.map { " to \(Self.clean($0.workload)) by \(Self.clean($0.grant))" } ?? ""
        var details = ["uid": "\(account)", "why": refusal.detail, "notTold": "\(untold)"]
        details["grant"] = request.map { Self.clean($0.grant) }
        details["workload"] = request.map { Self.clean($0.workload) }
        details["command"] = request.map { Self.shown($0.command) }
        details["key"] = key
        details["person"] = refusal.person?.rawValue
        await append(
            JournalEvent(
                at: now(), kind: "attempt.refused",
                workload: refusal.person == nil ? nil : request.flatMap { Name($0.workload) },
                message: "\(who) was not let in\(what): \(refusal.detail)", details: details))
    }

    /// A recording is not kept any longer. Its digest stays where the session's end was written.
    func removed(_ recording: RecordingStore.Removed) async {
        await append(
            JournalEvent(
                at: now(), kind: "recording.removed",
                message: "recording \(recording.id.escapingControls) was removed: \(recording.why)",
                details: [
                    "recording": recording.id.escapingControls, "bytes": "\(recording.bytes)", "why": recording.why,
                ]))
    }

    func append(_ event: JournalEvent) async {
        do { try await journal.append(event) } catch {
            log.error("\(event.kind) cannot be written into the journal: \(error): \(event.message.escapingControls)")
        }
    }

    private static func text(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }
    private static func clean(_ text: String) -> String { text.prefix(bytes: 64).escapingControls }
    private static func shown(_ command: [String]) -> String {
        command.joined(separator: " ").prefix(bytes: 1000).escapingControls
    }
}
