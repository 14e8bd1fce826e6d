internal import CLibGit2
import CurfewModel
import Foundation

/// Pushes to a repository that lies in a folder of this machine.
///
/// libgit2's own push to a folder sets the branch without comparing it once more, so that a commit of somebody else that
/// came in between is lost without a word; and it runs no hooks, so that a protection is gone without a word.
struct FolderPush {
    let folder: String
    /// The address, for messages.
    let subject: String

    /// Hooks that may refuse a push.
    private static let guards = ["pre-receive", "update", "proc-receive", "reference-transaction"]

    /// Copies what is missing and moves the branch, if it is still at `tip`.
    func push(_ commit: ObjectID, from mirror: String, _ source: OpaquePointer, to branch: String, expecting tip: ObjectID)
        throws
    {
        var opened: OpaquePointer?
        try LibGit2.check(git_repository_open(&opened, folder), "open repository", subject)
        defer { git_repository_free(opened) }
        guard let target = opened, let place = git_repository_commondir(target).map({ String(cString: $0) }) else {
            throw GitError(.notARepository, operation: "push to", subject: subject, "it cannot be opened")
        }
        guard git_repository_is_bare(target) == 1 else {
            throw refusal("it is no bare repository; its work tree would not follow. Make one with `git init --bare`")
        }
        if let hook = Self.guards.first(where: { access("\(place)hooks/\($0)", X_OK) == 0 }) {
            throw refusal("its hook '\(hook)' is run only by a Git server; use its ssh:// or https:// address")
        }
        var (new, old) = (git_oid(commit), git_oid(tip))
        let objects = try ObjectDatabase(path: mirror)
        guard try objects.commit(commit).parents.contains(tip) || objects.isAncestor(tip, of: commit) else {
            throw refusal("the commit does not follow \(tip.short), the branch's tip")
        }
        try ObjectCopy(
            repository: source, source: objects, target: ObjectDatabase(path: place), operation: "push to", subject: subject
        ).copy(commit, to: place + "objects/pack")
        var reference: OpaquePointer?
        let result = git_reference_create_matching(&reference, target, "refs/heads/\(branch)", &new, 1, &old, "curfew: push")
        git_reference_free(reference)
        if result == GIT_EMODIFIED.rawValue || result == GIT_ELOCKED.rawValue || result == GIT_ENOTFOUND.rawValue {
            throw refusal("the branch has moved meanwhile")
        }
        try LibGit2.check(result, "push to", subject)
    }

    private func refusal(_ why: String) -> GitError {
        GitError(.rejected, operation: "push to", subject: subject, why)
    }
}
