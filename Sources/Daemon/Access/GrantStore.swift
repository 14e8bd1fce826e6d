import CurfewJournal
import CurfewModel
import Foundation

/// The records of grants, in memory and in the state database. Written before anything is done on account of them.
struct GrantStore: Sendable {
    private(set) var records: [GrantID: GrantRecord] = [:]
    /// What may differ from what is written.
    private var dirty: Set<GrantID> = []

    /// What is remembered.
    static func recalled(_ journal: Journal) async throws -> GrantStore {
        var store = GrantStore()
        let coder = FactCoder()
        for data in try await journal.facts(prefix: "grant/").values {
            guard let record = coder.decode(GrantRecord.self, from: data) else { continue }
            store.records[record.id] = record
        }
        return store
    }

    subscript(id: GrantID) -> GrantRecord? {
        get { records[id] }
        set {
            guard records[id] != newValue else { return }
            records[id] = newValue
            dirty.insert(id)
        }
    }

    /// What is written of these.
    func facts(of ids: Set<GrantID>) -> [String: Data?] {
        let coder = FactCoder()
        var facts: [String: Data?] = [:]
        for id in ids { facts.updateValue(records[id].flatMap { coder.encode($0) }, forKey: GrantRecord.key(of: id)) }
        return facts
    }

    /// Whether something is to be written.
    var hasChanged: Bool { !dirty.isEmpty }

    /// What has changed since it was written last; it is being written now.
    mutating func takeChanged() -> Set<GrantID> {
        defer { dirty = [] }
        return dirty
    }

    /// It could not be written.
    mutating func putBack(_ ids: Set<GrantID>) { dirty.formUnion(ids) }
}
