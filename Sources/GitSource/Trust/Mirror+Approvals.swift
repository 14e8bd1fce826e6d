internal import CLibGit2
public import CurfewModel

extension Mirror {
    /// The annotated tags `approvals/<subject>/<person>` as they were fetched last.
    /// - Parameter prefix: where they lie; a person's own clone has them at `refs/tags/approvals/`.
    public func approvals(under prefix: String = MirrorRef.approvals) throws -> [ApprovalTag] {
        if prefix == MirrorRef.approvals, let known = knownApprovals { return known }
        let found = try withRepository { repository -> [(String, ObjectID)] in
            var iterator: OpaquePointer?
            try LibGit2.check(git_reference_iterator_glob_new(&iterator, repository, prefix + "*"), "list", prefix)
            defer { git_reference_iterator_free(iterator) }
            var found: [(String, ObjectID)] = []
            var reference: OpaquePointer?
            while found.count < GitWorker.approvalLimit, git_reference_next(&reference, iterator) == 0 {
                defer { git_reference_free(reference) }
                guard let name = git_reference_name(reference), let target = git_reference_target(reference),
                    let id = ObjectID(target.pointee)
                else { continue }
                found.append(("approvals/" + String(String(cString: name).dropFirst(prefix.count)), id))
            }
            return found
        }
        var tags: [ApprovalTag] = []
        for (name, id) in found { if let tag = try approval(name, id) { tags.append(tag) } }
        if prefix == MirrorRef.approvals { knownApprovals = tags }
        return tags
    }

    /// `nil` when the reference names no annotated tag.
    private func approval(_ name: String, _ id: ObjectID) throws -> ApprovalTag? {
        if let known = knownTags[id], known.reference == name { return known }
        var bytes: [UInt8] = []
        guard case .value? = try? objectDatabase().read(id, GIT_OBJECT_TAG, limit: 1 << 20, { bytes = Array($0) }) else {
            return nil
        }
        let object = SignedObject(tag: bytes)
        let tag = try withRepository { repository -> ApprovalTag? in
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
        guard var tag else { return nil }
        tag.signature = try SignatureVerifier().check(object)
        if knownTags.count >= 10_000 { knownTags.removeAll() }
        knownTags[id] = tag
        return tag
    }
}
