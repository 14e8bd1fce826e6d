internal import CLibGit2
public import CurfewModel
import Dispatch

extension Mirror {
    /// Most commits that one merge may bring along.
    private static var mostMerged: Int { 1000 }
    /// Most commits whose signatures are looked at ahead of time.
    private static var mostAhead: Int { 5000 }
    /// Most first parents that are looked through for the last revision taken.
    private static var longestLine: Int { 500_000 }

    /// A first-parent commit with what a merge brought along: at most a thousand commits.
    public func step(_ id: ObjectID) throws -> BranchStep {
        var facts = try facts(of: id)
        do {
            return BranchStep(commit: facts, merged: try merged(id, facts.parents).map { try self.facts(of: $0) })
        } catch let error as GitError where [.invalid, .missingObject, .corrupt].contains(error.code) {
            // Not whatever the commit brings can be judged, so it is not.
            facts.problems.append("what it merges cannot be judged: \(error.message)")
            return BranchStep(commit: facts)
        }
    }

    /// The commits that a merge brought along, newest first.
    private func merged(_ id: ObjectID, _ parents: [ObjectID]) throws -> [ObjectID] {
        guard parents.count > 1, let base = parents.first else { return [] }
        guard parents.count <= CommitObject.mostParents else { throw Self.tooMany(id) }
        if let found = try followed(id, parents) { return found }
        guard
            let found = try objectDatabase().commits(
                from: Array(parents.dropFirst()), notFrom: base, limit: Self.mostMerged)
        else { throw Self.tooMany(id) }
        return found
    }

    private static func tooMany(_ id: ObjectID) -> GitError {
        GitError(.invalid, operation: "verify", subject: id.short, "it merges more than \(mostMerged) commits")
    }

    /// The same by libgit2, which is faster; `nil` when it does not follow the history.
    private func followed(_ id: ObjectID, _ parents: [ObjectID]) throws -> [ObjectID]? {
        try withRepository { repository in
            var walk: OpaquePointer?
            try LibGit2.check(git_revwalk_new(&walk, repository), "walk from", id.short)
            defer { git_revwalk_free(walk) }
            git_revwalk_sorting(walk, UInt32(GIT_SORT_TOPOLOGICAL.rawValue))
            for (index, parent) in parents.enumerated() {
                var oid = git_oid(parent)
                let result = index == 0 ? git_revwalk_hide(walk, &oid) : git_revwalk_push(walk, &oid)
                guard result == 0 else { return nil }
            }
            var found: [ObjectID] = []
            var oid = git_oid()
            while true {
                let result = git_revwalk_next(&oid, walk)
                if result == GIT_ITEROVER.rawValue { return found }
                guard result == 0, let commit = ObjectID(oid) else { return nil }
                guard found.count < Self.mostMerged else { throw Self.tooMany(id) }
                found.append(commit)
            }
        }
    }

    /// The commits above `base` up to `tip` along first parents, oldest first; at most `limit`. Their signatures are looked
    /// at on the way, several at once: ``step(_:)`` has them at hand.
    /// - Throws: ``GitError`` with code `invalid` when `base` is not on that line.
    public func steps(from base: ObjectID, to tip: ObjectID, limit: Int) async throws -> [ObjectID] {
        // Only the oldest `limit` are kept of a line of any length.
        var kept: [ObjectID] = []
        var (next, length): (ObjectID?, Int) = (tip, 0)
        while let id = next, id != base {
            guard length < Self.longestLine else {
                throw GitError(
                    .invalid, operation: "verify", subject: tip.short,
                    "\(base.short), the last revision taken, is not among its last \(Self.longestLine) first parents")
            }
            if kept.count >= max(limit, 1) * 2 { kept.removeFirst(kept.count - limit) }
            kept.append(id)
            length += 1
            next = try firstParent(of: id)
        }
        guard next == base else {
            throw GitError(
                .invalid, operation: "verify", subject: tip.short,
                "\(base.short), the last revision taken, is not on its line of first parents: the branch was merged the wrong way round; merge into it instead"
            )
        }
        let line = Array(kept.reversed().prefix(limit))
        try await checkSignatures(of: line)
        return line
    }

    /// Only that: nothing else of the commit is copied.
    func firstParent(of id: ObjectID) throws -> ObjectID? {
        try objectDatabase().commit(id).parents.first
    }

    /// Asks OpenSSH about the signatures of commits and of what they merged. What cannot be read is left for ``facts(of:)`` to say.
    private func checkSignatures(of line: [ObjectID]) async throws {
        var wanted: [ObjectID] = []
        for id in line where wanted.count < Self.mostAhead {
            let parents = (try? commit(id).parents) ?? []
            for each in [id] + ((try? merged(id, parents)) ?? []) where knownFacts[each] == nil && knownSignatures[each] == nil
            {
                wanted.append(each)
            }
        }
        guard wanted.count > 1 else { return }
        let (ids, objects) = (wanted, try objectDatabase())
        let checks = try await offQueue { () throws(GitError) in
            try SignatureVerifier().check(ids.count) { objects.signedCommit(ids[$0]) }
        }
        if knownSignatures.count + ids.count > 100_000 { knownSignatures.removeAll() }
        for (id, check) in zip(ids, checks) { knownSignatures[id] = check }
    }

    /// Does what takes long on a queue of its own: the mirror goes on meanwhile.
    nonisolated func offQueue<Result: Sendable>(_ work: @escaping @Sendable () throws(GitError) -> Result) async throws
        -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "curfew.signatures").async {
                do throws(GitError) { continuation.resume(returning: try work()) } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}

extension ObjectDatabase {
    /// A commit taken apart; `nil` when it cannot be read.
    fileprivate func signedCommit(_ id: ObjectID) -> SignedObject? {
        let read = try? read(id, GIT_OBJECT_COMMIT, limit: CommitObject.longest) { SignedObject(commit: Array($0)) }
        guard case .value(let object)? = read else { return nil }
        return object
    }
}
