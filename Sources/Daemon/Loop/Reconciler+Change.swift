import CurfewModel
import Foundation

/// The commit that brought the generation that a workload should run.
struct KnownChange: Sendable, Codable, Equatable {
    /// The one before.
    struct Former: Sendable, Codable, Equatable {
        var generation: Generation
        var by: Attribution
    }
    var generation: Generation
    var by: Attribution
    /// What is wanted again when this one fails and is reverted: nothing is made then that would tell.
    var former: Former?

    /// Who brought a generation, if it is known.
    func author(of wanted: Generation?) -> Attribution? {
        if wanted == generation { return by }
        return former.flatMap { $0.generation == wanted ? $0.by : nil }
    }
}

extension Reconciler {
    /// Remembers, for whoever looks, which commit brought the generations that take over now.
    func noteChanges(_ names: Set<Name>, desired: DesiredState) async {
        var facts: [String: Data?] = [:]
        for name in names {
            guard let step = steps[name], step.kind == .create || step.kind == .replace, let workload = desired.workloads[name],
                let generation = step.to, known[name]?.generation != generation
            else { continue }
            let found = attributions[name].flatMap { $0.generation == generation ? $0.attribution : nil }
            // A workload that was not there before came with the revision that its bundle stands at, or earlier.
            var by = found
            if by == nil { by = try? await attribution(of: workload.revision) }
            guard let by else { continue }
            let former = known[name].map { KnownChange.Former(generation: $0.generation, by: $0.by) }
            let change = KnownChange(generation: generation, by: by, former: former)
            known[name] = change
            facts["change/\(name)"] = .some(FactCoder().encode(change))
        }
        guard !facts.isEmpty else { return }
        do { try await parts.journal.setFacts(facts) } catch {
            problems["journal"] = "what is remembered cannot be written: \(error)"
        }
    }

    private func attribution(of revision: ObjectID) async throws -> Attribution {
        let commit = try await parts.mirror.commit(revision)
        return Attribution(commit: commit.id, author: commit.authorName, summary: commit.summary)
    }

    /// How the edge was told to share out the traffic of a workload, once more than one generation gets some.
    func traffic(of name: Name) -> [Status.Traffic] {
        guard let listener = views[name]?.listeners.first else { return [] }
        let generations = Dictionary(
            (observation.instances[name] ?? []).map { ($0.id, $0.generation) }, uniquingKeysWith: { first, _ in first })
        var weights: [Generation: Int] = [:]
        for server in listener.servers where !server.draining {
            guard let generation = generations[server.instance] else { continue }
            weights[generation, default: 0] += server.weight
        }
        let shares = weights.filter { $0.value > 0 }
        let sum = shares.values.reduce(0, +)
        guard shares.count > 1 else { return [] }
        return shares.map { Status.Traffic(generation: $0.key, percent: ($0.value * 100 + sum / 2) / sum) }
            .sorted { ($0.percent, $0.generation.hex) > ($1.percent, $1.generation.hex) }
    }
}
