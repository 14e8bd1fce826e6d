internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// Facts of one commit: what its own bytes claim, what differs from its first parent, and what OpenSSH says of its
    /// signature. The same for ever, so they are kept, as many as two hundred thousand changes.
    public func facts(of id: ObjectID) throws -> CommitFacts {
        if let known = knownFacts[id] { return known }
        let info = try commit(id)
        let objects = try objectDatabase()
        var bytes: [UInt8] = []
        let read = try objects.read(id, GIT_OBJECT_COMMIT, limit: 4 << 20) { bytes = Array($0) }
        if case .tooLarge(let size) = read {
            throw GitError(.invalid, operation: "read commit", subject: id.hex, "it has \(size) bytes")
        }
        let own = GitTree(root: info.tree, objects: objects)
        var comparison = TreeChanges(own)
        try comparison.compare(try info.parents.first.map { try objects.treeOfCommit($0) }, info.tree)
        var changes = comparison.changes
        for parent in info.parents.dropFirst() {
            let other = GitTree(root: try objects.treeOfCommit(parent), objects: objects)
            for index in changes.indices where !changes[index].isFromMergedParent {
                let theirs = try other.entry(at: changes[index].path).flatMap { $0.kind == .folder ? nil : $0 }
                let ours = try own.entry(at: changes[index].path).flatMap { $0.kind == .folder ? nil : $0 }
                changes[index].isFromMergedParent = theirs?.id == ours?.id && theirs?.kind == ours?.kind
            }
        }
        let claims = try claims(of: id)
        let facts = CommitFacts(
            id: id, parents: info.parents, author: claims.author, committer: claims.committer, message: info.message,
            signature: try SignatureVerifier().check(SignedObject(commit: bytes)), changes: changes)
        knownChanges += changes.count + 1
        if knownChanges >= 200_000 { (knownFacts, knownChanges) = ([:], changes.count + 1) }
        knownFacts[id] = facts
        return facts
    }

    /// A first-parent commit with what a merge brought along: at most a thousand commits.
    public func step(_ id: ObjectID) throws -> BranchStep {
        let facts = try facts(of: id)
        guard facts.parents.count > 1 else { return BranchStep(commit: facts) }
        let merged = try withRepository { repository -> [ObjectID] in
            var walk: OpaquePointer?
            try LibGit2.check(git_revwalk_new(&walk, repository), "walk from", id.short)
            defer { git_revwalk_free(walk) }
            git_revwalk_sorting(walk, UInt32(GIT_SORT_TOPOLOGICAL.rawValue))
            for (index, parent) in facts.parents.enumerated() {
                var oid = git_oid(parent)
                try LibGit2.check(
                    index == 0 ? git_revwalk_hide(walk, &oid) : git_revwalk_push(walk, &oid), "walk from", id.short)
            }
            var found: [ObjectID] = []
            var oid = git_oid()
            while git_revwalk_next(&oid, walk) == 0 {
                guard found.count < 1000 else {
                    throw GitError(.invalid, operation: "verify", subject: id.short, "it merges more than 1000 commits")
                }
                if let id = ObjectID(oid) { found.append(id) }
            }
            return found
        }
        return BranchStep(commit: facts, merged: try merged.map { try self.facts(of: $0) })
    }

    /// Most first parents that are looked through for the last revision taken.
    private static let longestLine = 500_000

    /// The commits above `base` up to `tip` along first parents, oldest first; at most `limit`.
    /// - Throws: ``GitError`` with code `invalid` when `base` is not on that line.
    public func steps(from base: ObjectID, to tip: ObjectID, limit: Int) throws -> [ObjectID] {
        var line: [ObjectID] = []
        var next: ObjectID? = tip
        while let id = next, id != base {
            guard line.count < Self.longestLine else {
                throw GitError(
                    .invalid, operation: "verify", subject: tip.short,
                    "\(base.short), the last revision taken, is not among its last \(Self.longestLine) first parents")
            }
            line.append(id)
            next = try commit(id).parents.first
        }
        guard next == base else {
            throw GitError(
                .invalid, operation: "verify", subject: tip.short,
                "\(base.short), the last revision taken, is not on its line of first parents: the branch was merged the wrong way round; merge into it instead"
            )
        }
        return Array(line.reversed().prefix(limit))
    }

    /// The commits that `id` takes back exactly, by its trailers `Curfew-Revert`: computed anew and compared tree by tree.
    public func revertTargets(of id: ObjectID) throws -> [ObjectID] {
        let info = try commit(id)
        guard info.parents.count == 1, let parent = info.parents.first else { return [] }
        let named = info.trailers("Curfew-Revert").compactMap { ObjectID($0) }
        guard named.count == 1, try firstParents(from: parent, until: nil, limit: 10_000).contains(where: { $0.id == named[0] })
        else { return [] }
        let reverted = try commit(named[0])
        guard !reverted.parents.isEmpty else { return [] }
        let tree = try? withRepository { try revertedTree(of: reverted, onto: parent, $0) }
        return tree == info.tree ? named : []
    }

    private func claims(of id: ObjectID) throws -> (author: CommitFacts.Claim, committer: CommitFacts.Claim) {
        try withCommit(id) { commit in
            (Self.claim(git_commit_author(commit)), Self.claim(git_commit_committer(commit)))
        }
    }

    static func claim(_ signature: UnsafePointer<git_signature>?) -> CommitFacts.Claim {
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let seconds = signature?.pointee.when.time ?? 0
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return CommitFacts.Claim(
            name: text(signature?.pointee.name), email: text(signature?.pointee.email),
            at: Instant(milliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds))
    }
}
