import CurfewGates
import CurfewJournal
import CurfewModel

extension AccessKeeper {
    /// The mail address of a person, as the policies in force say.
    func address(of person: Name) -> String? { policies.set.persons[person]?.emails.first }

    /// Hands on what the status shows, if it is something new.
    func show() async {
        let grants = store.records.values.filter { $0.phase != .closed }.sorted { $0.id < $1.id }.map(describe)
        let told = problems.sorted { $0.key < $1.key }.map(\.value) + policies.diagnostics.map(\.description)
        if let shown, shown.0 == grants, shown.1 == told { return }
        shown = (grants, told)
        await parts.changed(grants, told)
    }

    private func describe(_ record: GrantRecord) -> Status.Grant {
        let verdict = verdicts[record.id]
        let state: String =
            switch record.phase {
            case .given: "active"
            case .ending: "ending"
            case .ended, .closed: record.isAttempt ? "refused" : "ended"
            case .seen:
                switch verdict?.state {
                case .scheduled?: "scheduled"
                case .active?: "starting"
                case .refused?: "refused"
                default: "pending"
                }
            }
        return Status.Grant(
            name: record.id.name, blob: record.id.blob, person: record.person, role: record.role, state: state,
            start: record.start, end: record.end,
            reasons: record.reasons.isEmpty ? (record.phase == .seen ? verdict?.reasons ?? [] : []) : record.reasons,
            approvedBy: verdict?.approvedBy ?? [], backends: record.backends, reason: record.purpose,
            touches: record.touches)
    }

    /// How long there is nothing to do unless something changes.
    func pause(now: Instant) -> Span {
        if hasMoreToGive { return .milliseconds(1) }
        var next = Self.observationInterval
        func consider(_ moment: Instant?) { if let moment { next = min(next, max(.milliseconds(1), moment - now)) } }
        for record in store.records.values {
            switch record.phase {
            case .seen:
                if case .scheduled(let start, _)? = verdicts[record.id]?.state { consider(start) }
            case .given: consider(record.end)
            case .ended: if !calls.isOut(.revert), retries["revert"] == nil { consider(now) }
            case .ending: break
            case .closed: break
            }
        }
        for (key, retry) in retries
        where !key.hasPrefix("end/") && !key.hasPrefix("open/") && !key.hasPrefix("taint/") && retry.at > now {
            consider(retry.at)
        }
        return max(next, .milliseconds(1))
    }

    /// Whether something that failed may be tried again, or never failed.
    func isDue(_ key: String, now: Instant) -> Bool { retries[key].map { $0.at <= now } ?? true }
    var anythingIsDue: Bool { retries.keys.contains { $0.hasPrefix("end/") } }

    /// It failed: again after 1, 2, 4 … 60 s.
    func retry(_ key: String, now: Instant) {
        let pause = min(Span(milliseconds: (retries[key]?.pause.milliseconds ?? 500) * 2), .seconds(60))
        retries[key] = (now + pause, pause)
    }

    func succeeded(_ key: String) {
        retries[key] = nil
        problems[key] = nil
    }

    /// Everything that waits for another try is tried now: the Git host is back, or an operator asks for it.
    func tryAll() {
        for key in retries.keys { retries[key]?.at = Instant(milliseconds: 0) }
        ends.ring()
        alarm.ring()
    }

    func record(_ kind: String, about record: GrantRecord? = nil, _ message: String, _ details: [String: String] = [:]) async {
        events.append(event(kind, about: record, message, details))
    }

    /// What happened just now.
    func event(_ kind: String, about record: GrantRecord?, _ message: String, _ details: [String: String] = [:])
        -> JournalEvent
    {
        var details = details
        if let record {
            details["grant"] = record.id.description
            details["person"] = record.person?.rawValue
            details["role"] = record.role?.rawValue
            details["blob"] = record.id.blob.hex
        }
        return JournalEvent(
            sequence: 0, at: parts.clock.now, kind: kind, workload: nil, revision: revision, message: message,
            details: details)
    }

    func givenEvent(_ record: GrantRecord) -> JournalEvent {
        let end = record.end ?? record.firstSeen
        return event(
            "grant.given", about: record,
            "\(record.person?.rawValue ?? "?") has \(record.role?.rawValue ?? "?") until \(end.text) (\(record.id.name))",
            [
                "approvedBy": (verdicts[record.id]?.approvedBy ?? []).map(\.rawValue).joined(separator: ", "),
                "from": (record.start ?? record.firstSeen).timestamp, "until": end.timestamp,
                "reason": record.purpose ?? "", "backends": record.backends.map(\.rawValue).joined(separator: ", "),
                "touches": record.touches.map(\.rawValue).joined(separator: ", "),
                "broughtBy": record.broughtBy?.hex ?? "", "breakGlass": "\(record.breakGlass)",
            ])
    }

    /// Most events that wait for a journal that cannot be written.
    private static let mostEvents = 10_000

    /// Writes what has happened since the last time into the journal, all in one go.
    func writeEvents() async {
        guard !events.isEmpty else { return }
        // Two writers at a time would change their order.
        guard !isWritingEvents else { return }
        isWritingEvents = true
        defer { isWritingEvents = false }
        let told = events
        events = []
        do {
            try await parts.journal.append(told)
            problems["journal"] = nil
        } catch {
            problems["journal"] = "the journal cannot be written: \(error)"
            events = Array((told + events).suffix(Self.mostEvents))
        }
    }
}
