import CurfewDaemon
import CurfewDesiredState
import CurfewGitSource
import CurfewModel

/// What a merge would do to what runs, and to grants that are there.
struct MergeEffects: Encodable {
    /// One workload that would not stay as it is.
    struct Change: Encodable {
        var workload: Name
        /// `create`, `replace`, `resize`, `retire`.
        var action: String
        /// Which parts of its generation differ.
        var because: String
    }
    var deploys: [Change] = []
    /// Grants that would be taken off the branch.
    var revokes: [Name] = []
    /// Mistakes in what would be merged.
    var mistakes: [Diagnostic] = []

    /// Compares two commits of a clone.
    init(from base: ObjectID, to head: ObjectID, in clone: WorkingClone, configuration: ServiceConfiguration?) throws {
        let repository = try LocalRepository(path: clone.objects)
        let loader = DesiredStateLoader(
            limits: configuration?.limits ?? .init(),
            runtimes: configuration.map(Composition.capabilities) ?? Composition.defaultCapabilities,
            backends: configuration.map { Set($0.backends.keys) }, permissions: configuration?.permissions ?? .unknown,
            enforcesPolicies: true)
        func assembly(_ commit: ObjectID) throws -> Assembly {
            assemble(try loader.load(repository.tree(at: commit), revision: commit), lastGood: [:], allowsPrune: false)
        }
        let (before, after) = (try assembly(base), try assembly(head))
        let (old, new) = (before.desired.workloads, after.desired.workloads)
        for name in Set(old.keys).union(new.keys).sorted() {
            switch (old[name], new[name]) {
            case (nil, .some): deploys.append(Change(workload: name, action: "create", because: "it is new"))
            case (.some, nil):
                deploys.append(Change(workload: name, action: "retire", because: "no manifest names it any more"))
            case (let left?, let right?) where left.generation != right.generation:
                let parts = Set(left.parts.keys).union(right.parts.keys).filter { left.parts[$0] != right.parts[$0] }.sorted()
                deploys.append(
                    Change(
                        workload: name, action: "replace", because: "\(parts.map { "\($0)" }.joined(separator: ", ")) changed"))
            case (let left?, let right?) where left.workload.replicas != right.workload.replicas:
                let (from, to) = (left.workload.replicas, right.workload.replicas)
                deploys.append(Change(workload: name, action: "resize", because: "from \(from) to \(to)"))
            default: break
            }
        }
        let known = Set(before.diagnostics)
        mistakes = after.diagnostics.filter { $0.severity == .error && !known.contains($0) }
        let left = try loader.loadGrants(repository.tree(at: base)).files
        let right = Set(try loader.loadGrants(repository.tree(at: head)).files.map(\.id))
        revokes = left.map(\.id).filter { !right.contains($0) }.map(\.name).sorted()
    }

    /// A line for each, for people.
    var lines: [String] {
        deploys.map { "\($0.action) \($0.workload): \($0.because)" } + revokes.map { "end \($0): it leaves the branch" }
            + mistakes.map(\.description)
    }
}
