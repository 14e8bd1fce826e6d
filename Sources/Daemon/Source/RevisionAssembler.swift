import CurfewDesiredState
import CurfewGitSource
import CurfewModel

/// Turns a commit into what should run: loads it, and puts bundles with mistakes back to their last good revision.
///
/// The last good revision of each bundle is a mark in the mirror (`refs/curfew/bundles/<name>`), so that losing the
/// state database loses nothing; if the mark is lost too, the history is searched.
struct RevisionAssembler: Sendable {
    let mirror: Mirror
    let loader: DesiredStateLoader
    /// Whether last good revisions are written down; a command beside a running daemon only reads.
    var keepsMarks = true
    /// Who finds out what images by tag stand for.
    let tags: TagKeeper
    /// What is set aside; `nil` for a command.
    var watch: (any ContentGuard)?
    private let queue = PrivateQueue("load")
    /// How many commits are searched for a good version of a bundle whose mark is lost.
    static let searchDepth = 200

    init(
        mirror: Mirror, loader: DesiredStateLoader, tags: TagKeeper, keepsMarks: Bool = true, watch: (any ContentGuard)? = nil
    ) {
        self.watch = watch
        (self.mirror, self.loader, self.tags, self.keepsMarks) = (mirror, loader, tags, keepsMarks)
    }

    func assemble(_ tip: ObjectID) async throws -> Assembly {
        let tree = try await mirror.tree(at: tip)
        let allowsPrune = try await PruneConsent.isSaid(by: mirror.commit(tip))
        let loader = loader
        var loaded = try await queue.run { try loader.load(tree, revision: tip) }
        // A registry that is slow must not hold up the loop: whoever is not answered by then is held.
        if !loaded.unresolved.isEmpty, await tags.resolve(loaded.unresolved, within: .seconds(3)) {
            loaded = try await queue.run { try loader.load(tree, revision: tip) }
        }
        loaded.bundles = loaded.bundles.mapValues(withoutWhatIsSetAside)
        let first = CurfewDesiredState.assemble(loaded, lastGood: [:], allowsPrune: allowsPrune)
        if first.desired.held.isEmpty, !loaded.diagnostics.contains(where: { $0.severity == .error }) {
            try await mark(first, previously: try await mirror.marks(under: "bundles"))
            return first
        }
        // Something is wrong: only now the older revisions are needed.
        let marks = try await mirror.marks(under: "bundles")
        var lastGood: [Name: LoadedBundle] = [:]
        for name in Set(loaded.bundles.keys).union(marks.keys.compactMap(Name.init)) {
            lastGood[name] = try await lastGoodVersion(of: name, mark: marks[name.rawValue], before: tip)
        }
        var assembly = CurfewDesiredState.assemble(loaded, lastGood: lastGood, allowsPrune: allowsPrune)
        assembly.unresolved = loaded.unresolved
        try await mark(assembly, previously: marks)
        return assembly
    }

    /// The bundle as it stands at one commit, `nil` when it is not there or cannot be read there.
    func bundle(_ name: Name, at revision: ObjectID) async throws -> LoadedBundle? {
        do {
            let tree = try await mirror.tree(at: revision)
            let loader = loader
            let loaded = try await queue.run { try loader.loadBundle(name, in: tree, revision: revision) }
            return loaded.map(withoutWhatIsSetAside)
        } catch let error as GitError where error.isAboutObjects { return nil }
    }

    /// A bundle with a generation that ended the process when it was started is held as a whole.
    private func withoutWhatIsSetAside(_ bundle: LoadedBundle) -> LoadedBundle {
        guard let watch else { return bundle }
        var bundle = bundle
        for workload in bundle.workloads {
            for content in Executor.contents(of: workload.desired) {
                guard let why = watch.reason(content) else { continue }
                bundle.diagnostics.append(Diagnostic(file: workload.file, why))
            }
        }
        return bundle
    }

    private func lastGoodVersion(of name: Name, mark: ObjectID?, before tip: ObjectID) async throws -> LoadedBundle? {
        if let mark, let bundle = try await bundle(name, at: mark) {
            if bundle.isClean { return bundle }
            // It ran, and is not allowed any more: what runs of it stays, and it is no reason to go back to what came before.
            if bundle.isForbidden { return nil }
        }
        for commit in try await mirror.firstParents(from: tip, until: nil, limit: Self.searchDepth).dropFirst() {
            guard let bundle = try await bundle(name, at: commit.id) else { continue }
            if bundle.isClean { return bundle }
            if bundle.isForbidden { return nil }
        }
        return nil
    }

    private func mark(_ assembly: Assembly, previously: [String: ObjectID]) async throws {
        guard keepsMarks else { return }
        let tip = assembly.desired.revision
        for name in assembly.good where previously[name.rawValue] != tip {
            try await mirror.setMark("bundles/\(name)", to: tip)
        }
        let known = Set(assembly.good.map(\.rawValue)).union(assembly.desired.held.map(\.bundle.rawValue))
        for name in previously.keys where !known.contains(name) { try await mirror.setMark("bundles/\(name)", to: nil) }
    }
}

extension LoadedBundle {
    /// Whether it has no error of its own.
    var isClean: Bool { !diagnostics.contains { $0.severity == .error } }
}
