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
    /// A commit object begins with `tree <40 digits>`.
    func treeOfCommit(_ commit: ObjectID) throws -> ObjectID {
        let read = try read(commit, GIT_OBJECT_COMMIT) { bytes in String(decoding: bytes.prefix(45), as: UTF8.self) }
        guard case .value(let line) = read, line.hasPrefix("tree "), let id = ObjectID(String(line.dropFirst(5))) else {
            throw GitError(.corrupt, operation: "read commit", subject: commit.hex, "it is damaged")
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
