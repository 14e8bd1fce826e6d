internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// The annotated tags `approvals/<subject>/<person>` as they were fetched last.
    /// - Parameter prefix: where they lie; a person's own clone has them at `refs/tags/approvals/`.
    public func approvals(under prefix: String = MirrorRef.approvals) async throws -> [ApprovalTag] {
        let isMirror = prefix == MirrorRef.approvals
        if isMirror, let known = knownApprovals { return known }
        let version = approvalsVersion
        var (tags, unknown): ([ApprovalTag], [Int]) = ([], [])
        for (name, id) in try approvalNames(under: prefix) {
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
        // Meanwhile others may have been fetched.
        if isMirror, version == approvalsVersion { knownApprovals = tags }
        return tags
    }

    /// Forgets which approvals there are.
    func approvalsMoved() {
        knownApprovals = nil
        approvalsVersion += 1
    }

    /// References, as `approvals/<subject>/<person>`. When there are too many, those about something that is here.
    private func approvalNames(under prefix: String) throws -> [(String, ObjectID)] {
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
            return names.compactMap { name in found[name].map { ("approvals/" + name, $0) } }
        }
    }

    /// The tag without a word about its signature; `nil` when the reference names no annotated tag.
    private func readApproval(_ name: String, _ id: ObjectID) throws -> ApprovalTag? {
        guard try objectDatabase().signedTag(id) != nil else { return nil }
        return try withRepository { repository in
            var oid = git_oid(id)
            var pointer: OpaquePointer?
            guard git_tag_lookup(&pointer, repository, &oid) == 0, let pointer else { return nil }
            defer { git_tag_free(pointer) }
            let message = git_tag_message(pointer).map { String(cString: $0) } ?? ""
            let cut = message.firstRange(of: SSHSignature.begin)?.lowerBound ?? message.endIndex
            return ApprovalTag(
                reference: name, name: git_tag_name(pointer).map { String(cString: $0) } ?? "", id: id,
                tagger: Self.claim(git_tag_tagger(pointer)), message: String(message[..<cut]), signature: .none)
        }
    }
}

extension ObjectDatabase {
    /// A tag taken apart; `nil` when it is none, or has more than 16 KiB.
    fileprivate func signedTag(_ id: ObjectID) -> SignedObject? {
        let read = try? read(id, GIT_OBJECT_TAG, limit: 16_384) { SignedObject(tag: Array($0)) }
        guard case .value(let object)? = read else { return nil }
        return object
    }
}
