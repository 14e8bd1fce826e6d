internal import CLibGit2
public import CurfewModel

/// A reference of an approval, not looked into.
struct ApprovalName: Sendable, Hashable {
    var reference: String
    var id: ObjectID
}

extension Mirror {
    /// The annotated tags `approvals/<subject>/<person>` as they were fetched last.
    /// - Parameters:
    ///   - prefix: where they lie; a person's own clone has them at `refs/tags/approvals/`.
    ///   - isWanted: asked for the subject and the person of each. Each signature costs some milliseconds once, and anybody who
    ///     can push may make ten thousand.
    public func approvals(
        under prefix: String = MirrorRef.approvals,
        where isWanted: @Sendable (_ subject: String, _ person: String) -> Bool = { _, _ in true }
    ) async throws -> [ApprovalTag] {
        let isMirror = prefix == MirrorRef.approvals
        let names = try knownApprovals.flatMap { isMirror ? $0 : nil } ?? approvalNames(under: prefix)
        if isMirror { knownApprovals = names }
        var (tags, unknown): ([ApprovalTag], [Int]) = ([], [])
        for (name, id) in names.map({ ($0.reference, $0.id) }) {
            let parts = name.split(separator: "/")
            guard parts.count == 3, isWanted(String(parts[1]), String(parts[2])) else { continue }
            if let known = knownTags[id], known.reference == name {
                tags.append(known)
            } else if let tag = try readApproval(name, id) {
                unknown.append(tags.count)
                tags.append(tag)
            }
        }
        let (ids, objects) = (unknown.map { tags[$0].id }, try objectDatabase())
        let checks = try await offQueue { () throws(GitError) in
            try SignatureVerifier().check(ids.count) { objects.signedTag(ids[$0]) }
        }
        for (index, check) in zip(unknown, checks) {
            tags[index].signature = check ?? .bad("it was not looked at")
            if knownTags.count >= 2 * GitWorker.approvalLimit { knownTags.removeAll() }
            knownTags[tags[index].id] = tags[index]
        }
        return tags
    }

    /// Forgets which approvals there are.
    func approvalsMoved() {
        knownApprovals = nil
    }

    /// References, as `approvals/<subject>/<person>`. When there are too many, those about something that is here.
    private func approvalNames(under prefix: String) throws -> [ApprovalName] {
        try withRepository { repository in
            var iterator: OpaquePointer?
            try LibGit2.check(git_reference_iterator_glob_new(&iterator, repository, prefix + "*"), "list", prefix)
            defer { git_reference_iterator_free(iterator) }
            var found: [String: ObjectID] = [:]
            var reference: OpaquePointer?
            while found.count < 1_000_000, git_reference_next(&reference, iterator) == 0 {
                defer { git_reference_free(reference) }
                guard let name = git_reference_name(reference), let target = git_reference_target(reference) else { continue }
                found[String(String(cString: name).dropFirst(prefix.count))] = ObjectID(target.pointee)
            }
            var names = found.keys.sorted()
            if names.count > GitWorker.approvalLimit {
                // In a person's clone requests count as well.
                let subjects = try ApprovalSubjects(repository, from: [MirrorRef.remote, "HEAD", "refs/remotes/*"])
                names = subjects.narrowed(names, to: GitWorker.approvalLimit)
            }
            return names.compactMap { name in found[name].map { ApprovalName(reference: "approvals/" + name, id: $0) } }
        }
    }

    /// The tag without a word about its signature; `nil` when the reference names no annotated tag as Git writes it.
    private func readApproval(_ name: String, _ id: ObjectID) throws -> ApprovalTag? {
        let objects = try objectDatabase()
        let read = try? objects.read(id, GIT_OBJECT_TAG, limit: TagObject.longest) { TagObject($0) }
        guard case .value(let tag?)? = read else { return nil }
        let cut = tag.message.firstRange(of: SSHSignature.begin)?.lowerBound ?? tag.message.endIndex
        return ApprovalTag(
            reference: name, name: tag.name, id: id, tagger: tag.tagger, message: String(tag.message[..<cut]), signature: .none)
    }
}

extension ObjectDatabase {
    /// A tag taken apart; `nil` when it is none, or has more than 16 KiB.
    fileprivate func signedTag(_ id: ObjectID) -> SignedObject? {
        let read = try? read(id, GIT_OBJECT_TAG, limit: TagObject.longest) { SignedObject(tag: Array($0)) }
        guard case .value(let object)? = read else { return nil }
        return object
    }
}
