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

    init(_ journal: Journal) { self.journal = journal }

    func recall() async throws {
        let coder = FactCoder()
        for (key, data) in try await journal.facts(prefix: "taint/") {
            guard let name = Name(String(key.dropFirst("taint/".count))) else { continue }
            let taint = coder.decode(Taint.self, from: data)
            taints.withLock { $0[name] = taint }
        }
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
