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
    ) throws -> [ApprovalTag] {
        try names(under: prefix).compactMap { name in
            let parts = name.reference.split(separator: "/")
            guard parts.count == 3, isWanted(String(parts[1]), String(parts[2])) else { return nil }
            return try approval(name.reference, name.id)
        }
    }

    private func names(under prefix: String) throws -> [ApprovalName] {
        if prefix == MirrorRef.approvals, let known = knownApprovals { return known }
        let found = try withRepository { repository -> [ApprovalName] in
            var iterator: OpaquePointer?
            try LibGit2.check(git_reference_iterator_glob_new(&iterator, repository, prefix + "*"), "list", prefix)
            defer { git_reference_iterator_free(iterator) }
            var found: [ApprovalName] = []
            var reference: OpaquePointer?
            while found.count < GitWorker.approvalLimit, git_reference_next(&reference, iterator) == 0 {
                defer { git_reference_free(reference) }
                guard let name = git_reference_name(reference), let target = git_reference_target(reference),
                    let id = ObjectID(target.pointee)
                else { continue }
                let subject = String(String(cString: name).dropFirst(prefix.count))
                found.append(ApprovalName(reference: "approvals/" + subject, id: id))
            }
            return found
        }
        if prefix == MirrorRef.approvals { knownApprovals = found }
        return found
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
