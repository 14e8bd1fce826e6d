import CurfewJournal
import CurfewModel
import Foundation

/// The records of grants, in memory and in the state database. Written before anything is done on account of them.
struct GrantStore: Sendable {
    private(set) var records: [GrantID: GrantRecord] = [:]
    private var saved: [GrantID: GrantRecord] = [:]

    /// What is remembered.
    static func recalled(_ journal: Journal) async throws -> GrantStore {
        var store = GrantStore()
        let coder = FactCoder()
        for data in try await journal.facts(prefix: "grant/").values {
            guard let record = coder.decode(GrantRecord.self, from: data) else { continue }
            store.records[record.id] = record
        }
        store.saved = store.records
        return store
    }

    subscript(id: GrantID) -> GrantRecord? {
        get { records[id] }
        set { records[id] = newValue }
    }

    /// What has changed since it was written last, as facts.
    var unsaved: [String: Data?] {
        var facts: [String: Data?] = [:]
        for (id, record) in records where saved[id] != record { facts[record.key] = .some(FactCoder().encode(record)) }
        for (id, record) in saved where records[id] == nil { facts[record.key] = .some(nil) }
        return facts
    }

    /// All of it is written now.
    mutating func markSaved() { saved = records }
}
