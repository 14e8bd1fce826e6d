import CurfewModel

/// An end that does not come about in time is the worst that can happen here: it is told everywhere.
extension AccessKeeper {
    /// How long after its time an end is overdue.
    static let grace = Span.seconds(5)

    /// Reports the ends that are overdue, each once, until their access is gone.
    func watchOverdue(now: Instant) {
        var due: [GrantID: Instant] = [:]
        for (id, record) in store.records {
            switch record.phase {
            case .given: due[id] = record.end
            case .seen: if !record.backends.isEmpty { due[id] = record.end }
            case .ending:
                let left = record.backends.filter { !record.gone.contains($0) }
                guard !left.isEmpty, let moment = record.due ?? record.end else { break }
                due[id] = moment
                if now - moment >= Self.grace { report(record, due: moment, left: left) }
            case .ended, .closed: break
            }
        }
        for (id, _) in overdue where due[id] == nil || store[id]?.phase != .ending {
            overdue[id] = nil
            problems["overdue/\(id)"] = nil
            alarm.ring()
        }
        parts.board.showEnds(due)
    }

    private func report(_ record: GrantRecord, due: Instant, left: [Name]) {
        let why = left.compactMap { name in endFailures[name]?[record.id].map { "\(name): \($0)" } }
        let text =
            "the end of \(record.id.name) (\(record.person?.rawValue ?? "?"), \(record.role?.rawValue ?? "?")) is overdue since "
            + "\(due.text): access on \(left.map(\.rawValue).joined(separator: ", ")) is not proven gone"
            + (why.isEmpty ? "" : " (\(why.joined(separator: "; ")))") + "; end it there by hand"
        guard problems["overdue/\(record.id)"] != text else { return }
        problems["overdue/\(record.id)"] = text
        if overdue.updateValue(due, forKey: record.id) == nil {
            events.append(event("grant.overdue", about: record, text))
            startFlush()
        }
        // The round of everything else may be what hangs.
        begin(.show, within: .seconds(10)) { await self.show() }
    }
}
