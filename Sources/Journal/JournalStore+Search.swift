internal import CurfewModel
internal import GRDB

extension EventQuery {
    /// What every event found has to fulfil, but for its kind.
    fileprivate var condition: SQL {
        var condition: SQL = "sequence > \(after ?? 0)"
        if let before { condition += " AND sequence < \(before)" }
        if let workload { condition += " AND workload = \(workload.rawValue)" }
        if let since { condition += " AND at >= \(since.milliseconds)" }
        if let until { condition += " AND at <= \(until.milliseconds)" }
        if let text, !text.isEmpty {
            let pattern = "%" + text.reduce(into: "") { $0 += "\\%_".contains($1) ? "\\\($1)" : "\($1)" } + "%"
            condition += """
                 AND (message LIKE \(pattern) ESCAPE '\\' OR details LIKE \(pattern) ESCAPE '\\'
                 OR kind LIKE \(pattern) ESCAPE '\\' OR revision LIKE \(pattern) ESCAPE '\\')
                """
        }
        return condition
    }
}

extension JournalStore {
    /// The newest events first. Kinds are looked up one by one in their index, each newest first: the cost grows with what
    /// is found, not with the journal.
    func search(_ query: EventQuery, limit: Int) throws(JournalError) -> [JournalEvent] {
        let limit = min(max(limit, 0), EventFilter.limit)
        guard limit > 0 else { return [] }
        var wanted = query.kinds
        if let prefix = query.kindPrefix, !prefix.isEmpty {
            let named = try kinds().filter { $0.hasPrefix(prefix) }
            wanted = wanted.isEmpty ? named : wanted.filter(named.contains)
            if wanted.isEmpty { return [] }
        }
        guard !wanted.isEmpty else { return try select(query.condition, limit) }
        var found: [JournalEvent] = []
        for kind in wanted { found += try select(query.condition + " AND kind = \(kind)", limit) }
        return Array(found.sorted { $0.sequence > $1.sequence }.prefix(limit))
    }

    /// One step through the index for each kind.
    func kinds() throws(JournalError) -> [String] {
        try JournalError.wrapping("read", path) {
            try queue.read { database in
                var kinds: [String] = []
                while let next = try String.fetchOne(
                    database, sql: "SELECT kind FROM event WHERE kind > ? ORDER BY kind LIMIT 1", arguments: [kinds.last ?? ""])
                { kinds.append(next) }
                return kinds
            }
        }
    }

    private func select(_ condition: SQL, _ limit: Int) throws(JournalError) -> [JournalEvent] {
        try JournalError.wrapping("read", path) {
            try queue.read { database in
                let request: SQLRequest<Row> = """
                    SELECT sequence, at, kind, workload, revision, message, details FROM event
                    WHERE \(condition) ORDER BY sequence DESC LIMIT \(limit)
                    """
                return try JournalEvent.all(request, database)
            }
        }
    }
}
