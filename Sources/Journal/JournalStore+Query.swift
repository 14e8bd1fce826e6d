internal import CurfewModel
internal import Foundation
internal import GRDB

/// Which events are wanted.
struct EventFilter {
    /// At most this many events come back at once, whatever was asked for.
    static let limit = 100_000

    var after: Int64 = 0
    var kindPrefix: String?
    var workload: Name?

    fileprivate var condition: SQL {
        var condition: SQL = "sequence > \(after)"
        if let kindPrefix, !kindPrefix.isEmpty {
            condition += " AND substr(kind, 1, length(\(kindPrefix))) = \(kindPrefix)"
        }
        if let workload { condition += " AND workload = \(workload.rawValue)" }
        return condition
    }
}

extension JournalStore {
    /// The first `limit` events that pass the filter, oldest first.
    func first(_ limit: Int, _ filter: EventFilter) throws(JournalError) -> [JournalEvent] {
        try select(limit, filter, order: "ASC")
    }

    /// The last `limit` events that pass the filter, oldest first.
    func last(_ limit: Int, _ filter: EventFilter) throws(JournalError) -> [JournalEvent] {
        try select(limit, filter, order: "DESC").reversed()
    }

    private func select(_ limit: Int, _ filter: EventFilter, order: String) throws(JournalError) -> [JournalEvent] {
        let limit = min(max(limit, 0), EventFilter.limit)
        guard limit > 0 else { return [] }
        return try JournalError.wrapping("read", path) {
            try queue.read { database in
                let request: SQLRequest<Row> = """
                    SELECT sequence, at, kind, workload, revision, message, details FROM event
                    WHERE \(filter.condition) ORDER BY sequence \(sql: order) LIMIT \(limit)
                    """
                return try JournalEvent.all(request, database)
            }
        }
    }
}

extension JournalEvent {
    /// Every row of an answer, in its order.
    static func all(_ request: SQLRequest<Row>, _ database: Database) throws -> [JournalEvent] {
        let decoder = JSONDecoder()
        let rows = try request.fetchCursor(database)
        var events: [JournalEvent] = []
        while let row = try rows.next() { events.append(JournalEvent(row, decoder)) }
        return events
    }

    /// Shows a row as well as it can be shown; whether it is genuine is what `verify()` tells.
    fileprivate init(_ row: Row, _ decoder: JSONDecoder) {
        func text(_ index: Int) -> String? { String.fromDatabaseValue(row[index]) }
        let details = text(6) ?? ""
        self.init(
            sequence: Int64.fromDatabaseValue(row[0]) ?? 0,
            at: Instant(milliseconds: Int64.fromDatabaseValue(row[1]) ?? 0),
            kind: text(2) ?? "", workload: text(3).flatMap { Name($0) }, revision: text(4).flatMap { ObjectID($0) },
            message: (text(5) ?? "").escapingControls,
            details: details == "{}"
                ? [:]
                : (try? decoder.decode([String: String].self, from: Data(details.utf8))) ?? [
                    "unreadable": "these details were changed"
                ])
    }
}
