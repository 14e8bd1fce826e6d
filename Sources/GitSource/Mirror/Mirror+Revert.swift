public import CurfewModel

extension Mirror {
    /// Makes (and does not push) the commit that takes `commit` back on top of `tip`; of a merge, what it brought to its
    /// first parent. Nothing outside `scope` is touched.
    /// - Parameters:
    ///   - subject: the first line; `nil` = `Revert "<the commit's>"`.
    ///   - body: the rest; a trailer `Curfew-Revert` is added when it names none.
    /// - Throws: ``GitError`` with code `conflict` naming the paths, when later commits changed the same lines.
    public func makeRevert(
        of commit: ObjectID, within scope: PathScope = .everything, onto tip: ObjectID, subject: String?, body: String,
        at now: Instant
    ) throws -> ObjectID {
        let before = try self.commit(tip).tree
        guard let tree = try treeTakingBack(commit, within: scope, from: tip), tree != before else {
            throw GitError(
                .conflict, operation: "revert", subject: commit.short,
                "it changes nothing any more: it was reverted already, or there is nothing in it to revert")
        }
        let summary = String(try self.commit(commit).summary.escapingControls.prefix(60))
        let title = subject ?? "Revert \"\(summary)\""
        return try write(message: "\(title)\n\n\(Self.naming(commit, body))", tree: tree, parent: tip, at: now)
    }

    /// Whether `id` has exactly the tree that taking `target` back on its first parent makes, and nothing else.
    public func takesBack(_ id: ObjectID, _ target: ObjectID, within scope: PathScope) throws -> Bool {
        let info = try commit(id)
        guard info.parents.count == 1, let parent = info.parents.first else { return false }
        do { return try treeTakingBack(target, within: scope, from: parent) == info.tree } catch let error as GitError
            where error.code == .conflict
        { return false }
    }

    /// Reverts a commit on the branch as it is now, and pushes that; when somebody else was faster, again on the new tip.
    /// - Parameter admit: is asked before anything is pushed; what it throws is thrown on, and nothing was pushed.
    public func revertAndPush(
        _ commit: ObjectID, within scope: PathScope = .everything, subject: String?, body: String, at now: Instant,
        attempts: Int, admit: @Sendable (ObjectID) async throws -> Void = { _ in }
    ) async throws -> ObjectID {
        let pushed = try await push(attempts: attempts, admit: admit) { mirror, tip in
            try mirror.makeRevert(of: commit, within: scope, onto: tip, subject: subject, body: body, at: now)
        }
        guard let pushed else {
            throw GitError(.failed, operation: "revert", subject: commit.short, "no commit was made")
        }
        return pushed
    }

    /// Makes a commit on the branch's tip and pushes it; when somebody else was faster, again on the new tip.
    /// - Returns: the commit; `nil` when `make` made none.
    func push(
        attempts: Int, admit: @Sendable (ObjectID) async throws -> Void,
        _ make: (isolated Mirror, _ tip: ObjectID) throws -> ObjectID?
    ) async throws -> ObjectID? {
        var last = GitError(.rejected, operation: "push to", subject: RemoteURL.redact(location.url), "not tried")
        for _ in 0..<max(1, attempts) {
            let tip = try await refresh(waitingForApprovals: .zero).tip
            guard let commit = try make(self, tip) else { return nil }
            try await admit(commit)
            do {
                try await push(commit, expecting: tip)
                return commit
            } catch let error as GitError where error.code == .rejected {
                // Refused, or too late? The branch itself tells.
                guard try await refresh(waitingForApprovals: .zero).tip != tip else { throw error }
                last = error
            }
        }
        throw last
    }

    /// The body with a trailer that names the commit, unless it has one.
    private static func naming(_ commit: ObjectID, _ body: String) -> String {
        guard Trailers("x\n\n" + body).values("Curfew-Revert").isEmpty else { return body }
        let text = String(body.reversed().drop(while: \.isNewline).reversed())
        return text + (text.isEmpty ? "" : "\n\n") + "Curfew-Revert: \(commit)\n"
    }

    /// The tree of `tip` without what the commit did within `scope`.
    /// - Returns: `nil` when nothing at all would be left.
    private func treeTakingBack(_ id: ObjectID, within scope: PathScope, from tip: ObjectID) throws -> ObjectID? {
        let info = try commit(id)
        let (objects, tree) = (try objectDatabase(), try commit(tip).tree)
        let before = try info.parents.first.map { try objects.treeOfCommit($0) }
        return try withRepository { repository in
            var taking = TakingBack(scope: scope, files: GitTree(root: tree, objects: objects), repository: repository)
            let result = try taking.folder(from: info.tree, to: before, in: tree, path: .root, depth: 0)
            guard taking.conflicts.isEmpty else {
                let paths = taking.conflicts.sorted().prefix(5).map(\.shown).joined(separator: ", ")
                throw GitError(
                    .conflict, operation: "revert", subject: id.short, "later commits changed the same lines of \(paths)")
            }
            return result
        }
    }
}
