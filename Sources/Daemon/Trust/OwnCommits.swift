import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewModel

/// What Curfew's own commits are, found out from the branch alone: a service that has lost everything else reads the same.
struct OwnCommits: Sendable {
    let mirror: Mirror
    let loader: DesiredStateLoader
    /// The key that Curfew signs with; `nil` = its commits are unsigned.
    let key: SSHPublicKey?
    /// What the configuration pins; nothing at or below it is taken back. `nil` = nothing is pinned.
    let root: ObjectID?
    private let queue = PrivateQueue("own")
    /// How far below a revert the deploy may lie on the branch's own line.
    static let depth = 10_000

    init(mirror: Mirror, loader: DesiredStateLoader, key: SSHPublicKey?, root: ObjectID?) {
        (self.mirror, self.loader, self.key, self.root) = (mirror, loader, key, root)
    }

    /// What a commit that Curfew's key has signed takes back.
    func facts(of id: ObjectID) async throws -> OwnCommit {
        let info = try await mirror.commit(id)
        guard !info.trailers.values("Curfew-Revert").isEmpty else { return OwnCommit() }
        guard let note = RevertNote(info.message), let parent = info.parents.first, info.parents.count == 1 else {
            return OwnCommit(objection: "its trailers are not written as Curfew writes them")
        }
        guard try await isOnLine(note.commit, below: parent) else {
            return OwnCommit(objection: "\(note.commit.short) is not on the branch's own line above trust.root")
        }
        guard try await !isOwn(note.commit) else {
            return OwnCommit(objection: "\(note.commit.short) is a commit of Curfew's own, which is never taken back")
        }
        do {
            let scope = try await scope(of: note.commit, bundle: note.bundle)
            guard try await mirror.takesBack(id, note.commit, within: scope) else {
                return OwnCommit(objection: "it is not the exact reverse of what \(note.commit.short) deployed")
            }
            return OwnCommit(takesBack: note.commit)
        } catch let error as GitError where error.isAboutObjects {
            return OwnCommit(objection: "\(note.commit.short) cannot be read: \(error.message)")
        }
    }

    /// The part of the repository that a deploy may be taken back in: the manifests of a bundle (of all, when none is named)
    /// and what they name, at the deploy and before it. Never policies, never grants.
    func scope(of deploy: ObjectID, bundle: Name?) async throws -> PathScope {
        var scope = PathScope(excluded: ["policies", "grants"])
        switch bundle {
        case nil: scope.trees.append("manifests")
        case let bundle?:
            scope.trees.append(RepositoryPath("manifests").appending(FileName(bundle)))
            if bundle == DesiredStateLoader.defaultBundle { scope.folders.append("manifests") }
        }
        let (loader, parent) = (loader, try await mirror.commit(deploy).parents.first)
        for revision in [deploy, parent].compactMap(\.self) {
            let tree = try await mirror.tree(at: revision)
            let named = try await queue.run { () -> [RepositoryPath] in
                guard let bundle else { return try loader.load(tree, revision: revision).bundles.values.flatMap(\.paths) }
                return try loader.loadBundle(bundle, in: tree, revision: revision)?.paths ?? []
            }
            scope.trees += named
        }
        scope.trees = Set(scope.trees).sorted()
        return scope
    }

    /// Whether a commit is a revert by Curfew itself, of `target` when one is named. What anybody else writes into a message
    /// is nothing.
    func isRevert(_ id: ObjectID, of target: ObjectID? = nil) async throws -> Bool {
        let info = try await mirror.commit(id)
        guard !info.trailers.values("Curfew-Revert").isEmpty, let note = RevertNote(info.message),
            target.map({ $0 == note.commit }) ?? true
        else { return false }
        if key != nil { return try await isOwn(id) }
        // Without a key nothing but its content can show what it is.
        let scopes = [try await scope(of: note.commit, bundle: note.bundle), .everything]
        for scope in scopes {
            if try await mirror.takesBack(id, note.commit, within: scope) { return true }
        }
        return false
    }

    /// Whether Curfew's key has signed it.
    private func isOwn(_ id: ObjectID) async throws -> Bool {
        guard let key else { return false }
        return try await mirror.facts(of: id).signature == .good(key)
    }

    private func isOnLine(_ id: ObjectID, below tip: ObjectID) async throws -> Bool {
        guard id != root, try await mirror.isOnLine(id, below: tip, above: root, within: Self.depth) else { return false }
        return try await !mirror.commit(id).parents.isEmpty
    }
}
