internal import CLibGit2
import CurfewModel
import Foundation

/// Fetches from a repository in a folder of this machine.
///
/// libgit2's own way inflates whatever a reference names, before anybody has asked for it, and stops at a commit with a malformed
/// line. Here only what the branch needs is copied, by its size and its type first.
final class LocalSource {
    private let repository: OpaquePointer
    private let source: ObjectDatabase
    private let subject: String

    init(folder: String, subject: String) throws(GitError) {
        self.subject = subject
        LibGit2.start
        var opened: OpaquePointer?
        guard git_repository_open(&opened, folder) == 0, let opened, let place = git_repository_commondir(opened) else {
            git_repository_free(opened)
            throw GitError(
                .notARepository, operation: "fetch from", subject: subject, "there is no repository in \(folder)")
        }
        repository = opened
        do throws(GitError) { source = try ObjectDatabase(path: String(cString: place)) } catch {
            git_repository_free(opened)
            throw error
        }
    }

    deinit { git_repository_free(repository) }

    /// What it has to offer.
    func heads() throws(GitError) -> [RemoteHead] {
        var iterator: OpaquePointer?
        try LibGit2.check(git_reference_iterator_new(&iterator, repository), "list", subject)
        defer { git_reference_iterator_free(iterator) }
        var heads: [RemoteHead] = []
        var reference: OpaquePointer?
        while heads.count < 1_000_000, git_reference_next(&reference, iterator) == 0 {
            defer { git_reference_free(reference) }
            guard let name = git_reference_name(reference).map({ String(cString: $0) }) else { continue }
            var oid = git_oid()
            // A symbolic one is as good as what it points at.
            guard git_reference_name_to_id(&oid, repository, name) == 0, let id = ObjectID(oid) else { continue }
            heads.append(RemoteHead(name: name, id: id))
            if name.utf8.starts(with: RemoteHead.approvals.utf8), source.kind(of: id) == GIT_OBJECT_TAG {
                heads.append(RemoteHead(name: name + "^{}", id: id))
            }
        }
        return heads
    }

    /// The tip of a branch.
    func tip(of branch: String) throws(GitError) -> ObjectID {
        var oid = git_oid()
        if git_reference_name_to_id(&oid, repository, "refs/heads/\(branch)") == 0, let id = ObjectID(oid) { return id }
        return try RemoteHead.tip(of: branch, in: heads(), subject)
    }

    /// The bytes of a small tag; `nil` when there is none.
    func tag(_ id: ObjectID) -> [UInt8]? {
        guard case .value(let bytes)? = try? source.read(id, GIT_OBJECT_TAG, limit: TagObject.longest, { Array($0) }) else {
            return nil
        }
        return bytes
    }

    /// Copies what `tip` needs and the mirror has not.
    func copy(_ tip: ObjectID, into incoming: Incoming) throws {
        try ObjectCopy(
            repository: repository, source: source, target: ObjectDatabase(path: incoming.mirror), operation: "fetch from",
            subject: subject
        ).copy(tip, to: "\(incoming.path)/objects/pack")
    }
}
