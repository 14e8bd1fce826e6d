public import CurfewModel
import Foundation

extension WorkingClone {
    /// A change of one file.
    public enum Change: Sendable {
        /// Its new content.
        case write(String)
        /// It goes.
        case delete
    }

    /// Makes a signed commit on top of `parent` that changes one file, without touching the work tree or the index.
    public func commit(_ change: Change, at path: String, on parent: ObjectID, message: String) async throws -> ObjectID {
        let index = FileManager.default.temporaryDirectory.path + "/curfew-index-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: index) }
        let environment = ["GIT_INDEX_FILE": index]
        try await git(["read-tree", parent.hex], environment: environment)
        switch change {
        case .write(let text):
            let blob = try await git(["hash-object", "-w", "--stdin"], input: text)
            try await git(["update-index", "--add", "--cacheinfo", "100644,\(blob),\(path)"], environment: environment)
        case .delete: try await git(["update-index", "--force-remove", "--", path], environment: environment)
        }
        let tree = try await git(["write-tree"], environment: environment)
        let text = try await git(["commit-tree", "-S", "-p", parent.hex, "-F", "-", tree], input: message)
        guard let id = ObjectID(text) else {
            throw GitError(.failed, operation: "commit", subject: path, "git named no commit")
        }
        return id
    }

    /// Pushes a commit to a branch of the remote, never by force.
    public func push(_ commit: ObjectID, to branch: String) async throws {
        try await git(["push", "--quiet", remote, "\(commit.hex):refs/heads/\(branch)"])
    }

    /// Makes a signed annotated tag, or makes it anew, and pushes it.
    public func tag(_ name: String, on commit: ObjectID, message: String) async throws {
        try await git(["tag", "--sign", "--force", "--file=-", "--end-of-options", name, commit.hex], input: message)
        try await git(["push", "--quiet", remote, "+refs/tags/\(name):refs/tags/\(name)"])
    }

    /// Where the objects are, for reading them with libgit2.
    public var objects: String { path }
}
