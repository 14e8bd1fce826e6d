import CurfewJournal
import CurfewModel
import Foundation
import Synchronization

/// Workloads that somebody may have been inside of: their instances from before that moment are to be replaced.
/// Shared between the part that ends grants and the loop.
final class Taints: Sendable {
    struct Taint: Sendable, Codable, Equatable {
        /// Instances made before this moment are tainted.
        var at: Instant
        /// By which grant, for people.
        var because: String
    }
    private let journal: Journal
    private let taints = Mutex<[Name: Taint]>([:])
    private let entered = Mutex<[InstanceID: String]>([:])

    init(_ journal: Journal) { self.journal = journal }

    func recall() async throws {
        let coder = FactCoder()
        for (key, data) in try await journal.facts(prefix: "taint/") {
            guard let name = Name(String(key.dropFirst("taint/".count))) else { continue }
            let taint = coder.decode(Taint.self, from: data)
            taints.withLock { $0[name] = taint }
        }
        for (key, data) in try await journal.facts(prefix: "entered/") {
            guard let id = InstanceID(String(key.dropFirst("entered/".count))),
                let why = coder.decode(String.self, from: data)
            else { continue }
            entered.withLock { $0[id] = why }
        }
    }

    /// Taints one instance, durably.
    func add(instance: InstanceID, because why: String) async throws {
        // First in memory: a full disk must not keep it in use.
        entered.withLock { $0[instance] = why }
        try await journal.setFact("entered/\(instance)", FactCoder().encode(why))
    }

    /// Marks the instances that somebody was in; returns those that are gone.
    func layEntries(on observation: inout Observation) -> [InstanceID] {
        let current = entered.withLock { $0 }
        guard !current.isEmpty else { return [] }
        var found: Set<InstanceID> = []
        for name in observation.instances.keys {
            for index in observation.instances[name]?.indices ?? 0..<0 {
                guard let instance = observation.instances[name]?[index], let why = current[instance.id] else { continue }
                found.insert(instance.id)
                if instance.tampered == nil { observation.instances[name]?[index].tampered = why }
            }
        }
        return observation.unreachable.isEmpty ? current.keys.filter { !found.contains($0) } : []
    }

    /// Forgets instances that are gone.
    func forget(_ ids: [InstanceID]) async {
        guard !ids.isEmpty else { return }
        entered.withLock { for id in ids { $0[id] = nil } }
        var facts: [String: Data?] = [:]
        for id in ids { facts["entered/\(id)"] = .some(nil) }
        try? await journal.setFacts(facts)
    }

    /// Taints workloads, durably: returns once it is written.
    func add(_ names: [Name], at: Instant, because: String) async throws {
        guard !names.isEmpty else { return }
        let taint = Taint(at: at, because: because)
        var facts: [String: Data?] = [:]
        for name in names { facts["taint/\(name)"] = .some(FactCoder().encode(taint)) }
        try await journal.setFacts(facts)
        taints.withLock { for name in names { $0[name] = taint } }
    }

    /// Marks the tainted instances of an observation; they are succeeded by fresh ones like any that was tampered with.
    /// Forgets the taints that no instance has any more.
    func lay(on observation: inout Observation) -> [Name] {
        let current = taints.withLock { $0 }
        var clean: [Name] = []
        for (name, taint) in current {
            var found = false
            for index in observation.instances[name]?.indices ?? 0..<0 {
                guard let instance = observation.instances[name]?[index], instance.createdAt < taint.at else { continue }
                found = true
                if instance.tampered == nil { observation.instances[name]?[index].tampered = taint.because }
            }
            // Silence is not absence: a runtime that does not answer may still run one.
            if !found, observation.unreachable.isEmpty { clean.append(name) }
        }
        return clean
    }

    /// Forgets taints; `names` are those that ``lay(on:)`` found clean.
    func forget(_ names: [Name]) async {
        guard !names.isEmpty else { return }
        taints.withLock { for name in names { $0[name] = nil } }
        var facts: [String: Data?] = [:]
        for name in names { facts["taint/\(name)"] = .some(nil) }
        try? await journal.setFacts(facts)
    }
}
