internal import CLibGit2
public import CurfewModel

/// A repository on this machine, only read.
public final class LocalRepository: Sendable {
    private let path: String
    let objects: ObjectDatabase

    /// Opens a repository: its folder, or its `.git`.
    public init(path: String) throws(GitError) {
        self.path = path
        do { objects = try ObjectDatabase(path: path) } catch {
            throw GitError(.notARepository, operation: "open repository", subject: path, "there is no Git repository")
        }
    }

    /// The commit that a revision names: `main`, `HEAD~1`, an id or its beginning.
    public func resolve(_ revision: String) throws(GitError) -> ObjectID {
        guard !revision.hasPrefix("-"), revision.utf8.count <= 200 else {
            throw GitError(.invalid, operation: "resolve", subject: String(revision.prefix(50)), "it is no revision")
        }
        LibGit2.start
        var repository: OpaquePointer?
        try LibGit2.check(git_repository_open(&repository, path), "open repository", path)
        defer { git_repository_free(repository) }
        var object: OpaquePointer?
        guard git_revparse_single(&object, repository, revision) == 0 else {
            throw GitError(.missingObject, operation: "resolve", subject: revision, "there is no such revision in \(path)")
        }
        defer { git_object_free(object) }
        var commit: OpaquePointer?
        try LibGit2.check(git_object_peel(&commit, object, GIT_OBJECT_COMMIT), "resolve", revision)
        defer { git_object_free(commit) }
        guard let id = git_object_id(commit).flatMap({ ObjectID($0.pointee) }) else {
            throw GitError(.corrupt, operation: "resolve", subject: revision, "its id cannot be read")
        }
        return id
    }

    /// The files of a commit.
    public func tree(at commit: ObjectID) throws -> any FileTree {
        GitTree(root: try objects.treeOfCommit(commit), objects: objects)
    }
}

extension ObjectDatabase {
    /// A commit, read as well as it can be.
    /// - Throws: ``GitError`` when it is not here, no commit, or larger than anything is read.
    func commit(_ id: ObjectID) throws -> CommitObject {
        switch try read(id, GIT_OBJECT_COMMIT, limit: CommitObject.longestRead, { CommitObject($0) }) {
        case .value(let commit): return commit
        case .tooLarge(let size):
            throw GitError(.corrupt, operation: "read commit", subject: id.hex, "it has \(size) bytes")
        }
    }

    /// The same with its bytes, `nil` when it has more than are judged.
    func commitWithBytes(_ id: ObjectID) throws -> (CommitObject, [UInt8]?) {
        var bytes: [UInt8] = []
        let read = try read(id, GIT_OBJECT_COMMIT, limit: CommitObject.longest) {
            bytes = Array($0)
            return CommitObject($0)
        }
        guard case .value(let commit) = read else { return (try commit(id), nil) }
        return (commit, bytes)
    }

    func treeOfCommit(_ commit: ObjectID) throws -> ObjectID {
        guard let id = try self.commit(commit).tree else {
            throw GitError(.corrupt, operation: "read commit", subject: commit.hex, "it names no tree")
        }
        return id
    }
}

/// Whether a Git repository lies at `path`; returns the folder with its objects.
public func discoverRepository(at path: String) -> String? {
    LibGit2.start
    var repository: OpaquePointer?
    guard git_repository_open(&repository, path) == 0, let repository else { return nil }
    defer { git_repository_free(repository) }
    return git_repository_path(repository).map { String(cString: $0) }
}
