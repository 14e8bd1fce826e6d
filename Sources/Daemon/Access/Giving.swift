import CurfewDrivers
import CurfewModel

/// A grant that is being made real: what each backend was asked for, and what has come of it.
struct Giving: Sendable {
    var record: GrantRecord
    var person: Person
    /// What is asked of each backend, in the order of the role.
    var orders: [Name: [AccessOrder]]
    /// Backends that have not answered yet.
    var waitsFor: Set<Name>
    var credentials: [Name: [Credential]] = [:]
    var problem: String?

    /// - Parameter record: with start, end and backends.
    init(_ record: GrantRecord, person: Person, role: Role, reason: String, start: Instant, end: Instant) {
        (self.record, self.person) = (record, person)
        orders = Dictionary(grouping: role.binds, by: \.backend).mapValues { binds in
            binds.map {
                AccessOrder(id: record.id, person: person, settings: $0.with, start: start, end: end, reason: reason)
            }
        }
        waitsFor = Set(orders.keys)
    }

    /// What the person gets, in the order of the role's backends.
    var handedOut: [Credential] { record.backends.flatMap { credentials[$0] ?? [] } }
}
