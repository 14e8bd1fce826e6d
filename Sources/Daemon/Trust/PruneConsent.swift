import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewModel

/// Whether the trailer `Curfew-Allow-Prune: yes` of a revision counts: its signer may remove the manifests of everything that
/// goes. With `trust.mode: none` whoever can push decides that, as all else.
struct PruneConsent: Sendable {
    let trust: TrustKeeper?
    let mirror: Mirror
    let loader: DesiredStateLoader
    let clock: WallClock
    private let queue = PrivateQueue("prune")

    init(trust: TrustKeeper?, mirror: Mirror, loader: DesiredStateLoader, clock: WallClock) {
        (self.trust, self.mirror, self.loader, self.clock) = (trust, mirror, loader, clock)
    }

    /// Whether a commit carries it, whoever has signed.
    static func isSaid(by commit: CommitInfo) -> Bool {
        commit.trailers.values("Curfew-Allow-Prune").contains { value in
            value.utf8.elementsEqual("yes".utf8) { $0 | 0x20 == $1 }
        }
    }

    /// Why it does not count for these workloads; empty = it does.
    func objections(toRetiring names: Set<Name>, at revision: ObjectID) async throws -> [String] {
        guard let trust else { return [] }
        let (paths, missing) = try await manifests(of: names, before: revision)
        guard missing.isEmpty else {
            let names = missing.sorted().prefix(5).map(\.rawValue).joined(separator: ", ")
            return [
                "which file named \(names) cannot be found in the last \(RevisionAssembler.searchDepth) commits; commit it again, and take it off with the trailer in the same commit"
            ]
        }
        let step = try await mirror.step(revision)
        guard let parent = step.commit.parents.first else { return ["the commit has no parent"] }
        let policies = try await trust.policies(at: parent)
        return TrustGate.objections(
            toRemoving: paths, by: step, policies: policies.set, policiesAreBroken: policies.isBroken, rules: trust.rules,
            approvals: try await mirror.approvals(), now: clock.now)
    }

    /// What is shown of objections.
    static func told(_ revision: ObjectID, _ objections: [String]) -> String {
        "Curfew-Allow-Prune of commit \(revision.short) does not count: \(objections.joined(separator: "; "))"
    }

    /// The files that named these workloads last, and the workloads that none named.
    private func manifests(of names: Set<Name>, before revision: ObjectID) async throws -> ([RepositoryPath], Set<Name>) {
        var (paths, missing): (Set<RepositoryPath>, Set<Name>) = ([], names)
        for commit in try await mirror.firstParents(from: revision, until: nil, limit: RevisionAssembler.searchDepth) {
            guard !missing.isEmpty else { break }
            guard let loaded = try await load(commit.id) else { continue }
            for workload in loaded.bundles.values.flatMap(\.workloads) where missing.contains(workload.name) {
                paths.insert(RepositoryPath(workload.file))
                missing.remove(workload.name)
            }
        }
        return (paths.sorted(), missing)
    }

    /// `nil` when it cannot be read: an owner has sealed that.
    private func load(_ revision: ObjectID) async throws -> LoadedRevision? {
        do {
            let (loader, tree) = (loader, try await mirror.tree(at: revision))
            return try await queue.run { try loader.load(tree, revision: revision) }
        } catch let error as GitError where error.isAboutObjects { return nil }
    }
}

extension DesiredState {
    /// Workloads of which something runs, that nothing names any more and no held bundle keeps.
    func leaving(_ observation: Observation) -> Set<Name> {
        let kept = Set(held.flatMap(\.keeps))
        return Set(
            observation.instances.filter { !$0.value.isEmpty && workloads[$0.key] == nil && !kept.contains($0.key) }.keys)
    }
}
