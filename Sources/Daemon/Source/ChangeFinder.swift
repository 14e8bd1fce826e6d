import CurfewDesiredState
import CurfewGitSource
import CurfewModel

/// Finds the commit that brought a generation: the newest first-parent commit before which the workload was different.
struct ChangeFinder: Sendable {
    let mirror: Mirror
    let assembler: RevisionAssembler
    /// How far back is looked.
    static let depth = 500

    /// What was found.
    struct Change: Sendable {
        /// The commit that brought the generation.
        var commit: CommitInfo
        /// The workload as it was before, `nil` when it was not there.
        var before: DesiredWorkload?

        /// For plans and events.
        var attribution: Attribution {
            Attribution(commit: commit.id, author: commit.authorName, summary: commit.summary)
        }
    }

    /// The change that brought `generation` of `workload`, looking back from `revision`; `nil` when it is not within reach.
    func change(of workload: Name, in bundle: Name, to generation: Generation?, from revision: ObjectID) async throws -> Change?
    {
        let history = try await mirror.firstParents(from: revision, until: nil, limit: Self.depth)
        for (index, commit) in history.enumerated() {
            guard let parent = commit.parents.first else { return Change(commit: commit, before: nil) }
            guard index + 1 < history.count else { return nil }
            let before = try await assembler.bundle(bundle, at: parent)?.workloads.first {
                $0.desired.workload.name == workload
            }?.desired
            if before?.generation != generation { return Change(commit: commit, before: before) }
        }
        return nil
    }
}
