import CurfewJournal
import CurfewModel
import CurfewNotifications
import Logging

/// Tells one of those who want to know: events from the journal, each once and in order, and what goes on, until it is over.
///
/// What has been told is written down, so that a restart tells nothing twice and leaves nothing out. Whoever does not answer
/// is tried less and less often, and gets everything when they are back; what is too old by then, or is refused for good,
/// is noted in the journal.
actor NotificationKeeper {
    struct Parts: Sendable {
        var name: Name
        var notifier: any Notifier
        var filter: NoticeFilter
        /// How long before the end of a grant its holder is reminded.
        var reminder: Span?
        var journal: Journal
        var status: @Sendable () async -> Status
        var now: @Sendable () -> Instant
        var log: Logger
    }

    /// How far it is.
    private struct Memory: Codable, Equatable {
        /// The last event that was told, or need not be.
        var sequence: Int64
        /// What goes on and was told, by key.
        var firing: [String: Notice] = [:]
        /// Reminders that were sent, with the moment when they can be forgotten.
        var reminded: [String: Instant] = [:]
    }

    /// Older news is not told any more.
    static let oldest = Span.seconds(24 * 3600)
    /// How often what goes on is told again to those who forget.
    private static let repetition = Span.seconds(60)
    private let parts: Parts
    private var memory: Memory?
    private var written: Memory?
    /// When what goes on was told last, by key.
    private var told: [String: Instant] = [:]
    /// Since when something is seen that was not told yet: what passes at once is not told.
    private var seen: [String: Instant] = [:]
    /// What was read from the last status.
    private var looked: (at: Instant, conditions: [String: Notice])?
    private var pause = Span.seconds(1)

    init(_ parts: Parts) { self.parts = parts }

    private var key: String { "notify/\(parts.name)" }

    /// Works until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let isDone = await turn()
            let wait: Span = isDone ? .milliseconds(500) : pause
            pause = isDone ? .seconds(1) : min(.milliseconds(pause.milliseconds * 2), .seconds(60))
            try? await Task.sleep(for: wait.duration)
        }
        await parts.notifier.shutdown()
    }

    /// Tells what there is to tell; `false` when the other side did not take it, or the journal cannot be read.
    func turn() async -> Bool {
        do {
            if memory == nil { try await recall() }
            try await events()
            let status = await parts.status()
            try await conditions(status)
            if let reminder = parts.reminder { try await reminders(status, within: reminder) }
            await save()
            return true
        } catch is CancellationError { return false } catch {
            await save()
            parts.log.warning("notification \(parts.name): \(error)")
            return false
        }
    }

    /// The first one begins now: history is not news.
    private func recall() async throws {
        if let data = try await parts.journal.facts(prefix: key)[key], let found = FactCoder().decode(Memory.self, from: data) {
            (memory, written) = (found, found)
        } else {
            memory = Memory(sequence: try await parts.journal.last(1).first?.sequence ?? 0)
        }
    }

    private func save() async {
        guard let memory, memory != written else { return }
        do {
            try await parts.journal.setFact(key, FactCoder().encode(memory))
            written = memory
        } catch { parts.log.error("notification \(parts.name): what was told cannot be written down: \(error)") }
    }

    private func events() async throws {
        while let after = memory?.sequence {
            let events = try await parts.journal.events(after: after, limit: 100)
            if events.isEmpty { return }
            for event in events {
                if parts.filter.takes(event.kind), !NoticeKinds.conditions.contains(event.kind),
                    event.details["notification"] != parts.name.rawValue
                {
                    try await deliver(
                        Notice(
                            id: "event/\(event.sequence)", kind: event.kind, severity: NoticeKinds.severity(of: event.kind),
                            message: event.message.escapingControls, workload: event.workload,
                            details: event.details.mapValues { $0.prefix(bytes: 2000).escapingControls }, at: event.at))
                    memory?.sequence = event.sequence
                    await save()
                }
                memory?.sequence = event.sequence
            }
        }
    }

    /// Tells it, unless it is too old; what is refused for good is noted and left.
    private func deliver(_ notice: Notice) async throws {
        do {
            try await parts.notifier.send(notice)
        } catch let error as NotificationError {
            guard error.isFinal || parts.now() - notice.at > Self.oldest else { throw error }
            await deadLetter(notice, error.message)
        }
    }

    private func deadLetter(_ notice: Notice, _ why: String) async {
        let event = JournalEvent(
            at: parts.now(), kind: "notify.failed", workload: notice.workload,
            message: "\(parts.name) was not told of \(notice.id) (\(notice.kind)): \(why)",
            details: ["notification": parts.name.rawValue, "notice": notice.id, "state": notice.state.rawValue])
        do { try await parts.journal.append(event) } catch {
            parts.log.error("the journal cannot be written: \(error); not recorded: \(event.message)")
        }
    }

    private func conditions(_ status: Status) async throws {
        let now = parts.now()
        if looked?.at != status.at {
            looked = (status.at, Conditions.of(status).filter { parts.filter.takes($0.value.kind) })
        }
        let current = looked?.conditions ?? [:]
        seen = seen.filter { current[$0.key] != nil }
        for (key, notice) in current.sorted(by: { $0.key < $1.key }) {
            var notice = notice
            if let before = memory?.firing[key] {
                (notice.at, notice.until) = (before.at, now)
                let isDue = parts.notifier.forgets && told[key].map { now - $0 >= Self.repetition || now < $0 } ?? true
                guard isDue else { continue }
            } else {
                let since = seen[key] ?? now
                seen[key] = since
                guard now - since >= .seconds(2) || now < since else { continue }
                notice.at = since
            }
            try await deliver(notice)
            memory?.firing[key] = notice
            told[key] = now
            await save()
        }
        for (key, notice) in (memory?.firing ?? [:]).sorted(by: { $0.key < $1.key }) where current[key] == nil {
            var notice = notice
            (notice.state, notice.until) = (.resolved, now)
            try await deliver(notice)
            memory?.firing[key] = nil
            told[key] = nil
            await save()
        }
    }

    private func reminders(_ status: Status, within span: Span) async throws {
        let now = parts.now()
        let kept = (memory?.reminded ?? [:]).filter { $0.value > now }
        memory?.reminded = kept
        for notice in Conditions.reminders(status, within: span, now: now) where memory?.reminded[notice.id] == nil {
            try await deliver(notice)
            memory?.reminded[notice.id] = now + span + .seconds(3600)
            await save()
        }
    }
}
