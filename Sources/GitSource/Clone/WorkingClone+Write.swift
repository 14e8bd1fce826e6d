public import CurfewModel

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
        try await git(["read-tree", parent.hex])
        switch change {
        case .write(let text):
            let blob = try await git(["hash-object", "-w", "--stdin"], input: text)
            try await git(["update-index", "--add", "--cacheinfo", "100644,\(blob),\(path)"])
        case .delete: try await git(["update-index", "--force-remove", "--", path])
        }
        let tree = try await git(["write-tree"])
        let text = try await git(["commit-tree", "-S", "-p", parent.hex, "-F", "-", tree], input: message)
        guard let id = ObjectID(text) else {
            throw GitError(.failed, operation: "commit", subject: path, "git named no commit")
        }
        return id
    }

    /// Pushes a commit to a branch of the remote, never by force.
    public func push(_ commit: ObjectID, to branch: String) async throws {
        try await git(["push", "--quiet", "--no-verify", remote, "\(commit.hex):refs/heads/\(branch)"])
        // As git itself does where the clone's own configuration counts: the person finds the branch at once.
        try await git(["update-ref", "refs/remotes/\(remote)/\(branch)", commit.hex])
    }

    /// Makes a signed annotated tag, or makes it anew, and pushes it.
    public func tag(_ name: String, on commit: ObjectID, message: String) async throws {
        try await git(["tag", "--sign", "--force", "--file=-", "--end-of-options", name, commit.hex], input: message)
        try await git(["push", "--quiet", "--no-verify", remote, "+refs/tags/\(name):refs/tags/\(name)"])
    }

    /// Where the objects are, for reading them with libgit2.
    public var objects: String { path }
}
