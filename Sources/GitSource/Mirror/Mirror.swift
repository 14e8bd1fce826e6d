internal import CLibGit2
public import CurfewModel
import Foundation
import Glibc

/// The bare mirror of the repository: fetched by a child process, read from the object database, never checked out.
///
/// Owns one libgit2 handle on a queue of its own; only the daemon (or a command in its place) opens it for writing.
public actor Mirror {
    private let executor = SerialQueueExecutor(label: "curfew.git")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let path: String
    let location: RepositoryLocation
    let worker: [String]
    private var handle: Handle?
    private var objects: ObjectDatabase?
    /// What never changes: facts and signatures by commit, tags by object.
    var knownFacts: [ObjectID: CommitFacts] = [:]
    var knownChanges = 0
    var knownSignatures: [ObjectID: SignatureCheck] = [:]
    var knownTags: [ObjectID: ApprovalTag] = [:]
    /// The approvals as they were fetched last, `nil` when they have to be read again.
    var knownApprovals: [ApprovalName]?
    /// Whether this process may remove what others left behind: not beside a daemon.
    private var isOwner = false
    /// What is known of the remote's approvals, and who fetches them just now.
    var approvalState = ApprovalState()
    private var isAsking = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Frees the handle when the last reference goes.
    private final class Handle {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { git_repository_free(pointer) }
    }

    /// Names a mirror; nothing is opened yet.
    /// - Parameter path: absolute; the folder above exists.
    /// - Parameter worker: the argument vector that runs ``GitWorker``.
    public init(path: String, location: RepositoryLocation, worker: [String]) {
        (self.path, self.location, self.worker) = (path, location, worker)
    }

    /// Opens the mirror, making it when it is not there. One that is damaged is moved aside and fetched anew: it holds
    /// nothing that is not on the remote, except marks, which can be found again.
    /// - Parameter cleaning: remove locks and temporary files that a killed process left; only for the owner.
    public func open(cleaning: Bool = true) throws {
        LibGit2.start
        isOwner = cleaning
        _ = try RemoteURL(location.url)
        for mirror in location.mirrors { _ = try RemoteURL(mirror) }
        guard Self.isBranchName(location.branch) else {
            throw GitError(
                .invalid, operation: "use branch", subject: location.branch.escapingControls, "it is no name of a branch")
        }
        if access(path, F_OK) == 0 {
            if cleaning { removeLeftovers() }
            if adopt() { return }
            guard cleaning else { throw GitError(.corrupt, operation: "open mirror", subject: path, "it cannot be read") }
            var aside = "\(path).damaged-\(time(nil))"
            while access(aside, F_OK) == 0 { aside += "-1" }
            guard rename(path, aside) == 0 else {
                throw GitError(.storage, operation: "move aside", subject: path, String(cString: strerror(errno)))
            }
        }
        var repository: OpaquePointer?
        try LibGit2.check(git_repository_init(&repository, path, 1), "make mirror", path)
        git_repository_free(repository)
        chmod(path, 0o700)
        guard adopt() else { throw GitError(.corrupt, operation: "open mirror", subject: path, "it cannot be read") }
    }

    private func adopt() -> Bool {
        var repository: OpaquePointer?
        guard git_repository_open_bare(&repository, path) == 0, let repository else { return false }
        handle = Handle(repository)
        objects = try? ObjectDatabase(path: path)
        // A HEAD or an object that cannot be read shows up at the first use; the tip is the first use.
        if let tip = try? tip(), (try? commit(tip)) == nil { return false }
        return objects != nil
    }

    /// A killed child leaves `*.lock` files that would stop every later write, and half a pack.
    private func removeLeftovers() {
        let manager = FileManager.default
        func sweep(_ folder: String, _ isLeftover: (String) -> Bool) {
            for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] where isLeftover(name) {
                unlink("\(folder)/\(name)")
            }
        }
        for kind in Incoming.Kind.allCases { Incoming.remove(kind, in: path) }
        sweep(path) { $0.hasSuffix(".lock") }
        sweep(path + "/objects") { $0.hasPrefix("tmp_object_") }
        sweep(path + "/objects/pack") { $0.hasPrefix("pack_git2_") || $0.hasPrefix("tmp_") || $0.hasSuffix(".lock") }
        for folder in (try? manager.subpathsOfDirectory(atPath: path + "/refs")) ?? [] where folder.hasSuffix(".lock") {
            unlink("\(path)/refs/\(folder)")
        }
    }

    /// Removes what a child left that ended in the middle of its work; only while no other one runs.
    func cleanUpAfterChild() {
        if isOwner, approvalState.running == nil {
            removeLeftovers()
        } else if isOwner {
            Incoming.remove(.branch, in: path)
        }
    }

    /// Waits until no other exchange is under way: two children would write the same refs, and what one leaves behind
    /// could not be told from what the other is still writing. First come, first served.
    func beginExchange() async {
        if isAsking { await withCheckedContinuation { waiting.append($0) } } else { isAsking = true }
    }

    /// Lets the next one in.
    func endExchange() {
        if waiting.isEmpty { isAsking = false } else { waiting.removeFirst().resume() }
    }

    /// Lends the handle.
    func withRepository<Result>(_ body: (OpaquePointer) throws -> Result) throws -> Result {
        guard let handle else { throw GitError(.failed, operation: "use mirror", subject: path, "it is not open") }
        return try body(handle.pointer)
    }

    /// The objects.
    func objectDatabase() throws -> ObjectDatabase {
        guard let objects else { throw GitError(.failed, operation: "use mirror", subject: path, "it is not open") }
        return objects
    }

    /// The last fetched tip; works offline.
    public func tip() throws -> ObjectID? {
        try withRepository { repository in
            var oid = git_oid()
            let result = git_reference_name_to_id(&oid, repository, MirrorRef.remote)
            if result == GIT_ENOTFOUND.rawValue { return nil }
            try LibGit2.check(result, "read", MirrorRef.remote)
            return ObjectID(oid)
        }
    }

    /// The files of a commit; may be read on any thread.
    public func tree(at commit: ObjectID) throws -> any FileTree {
        let objects = try objectDatabase()
        return GitTree(root: try objects.treeOfCommit(commit), objects: objects)
    }

    /// A branch's name as Git allows it, and nothing that could be taken for something else.
    private static func isBranchName(_ name: String) -> Bool {
        var valid: Int32 = 0
        guard !name.hasPrefix("-"), name.utf8.count <= 200 else { return false }
        return git_branch_name_is_valid(&valid, name) == 0 && valid == 1
    }
}
