internal import CLibGit2
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// Where what is fetched waits until it has been looked at: a repository of its own inside the mirror, which sees the mirror's
/// objects and which the mirror does not see. Whatever is broken off stays in here and goes with it.
final class Incoming {
    /// The name of its folder inside a mirror; one for each kind of fetch.
    enum Kind: String, CaseIterable { case branch = "incoming-branch", approvals = "incoming-approvals" }

    let path: String
    let mirror: String
    let repository: OpaquePointer

    /// Makes it anew.
    init(_ kind: Kind, in mirror: String) throws(GitError) {
        path = "\(mirror)/\(kind.rawValue)"
        self.mirror = mirror
        Self.remove(kind, in: mirror)
        LibGit2.start
        var made: OpaquePointer?
        try LibGit2.check(git_repository_init(&made, path, 1), "make", path)
        git_repository_free(made)
        do throws(SystemError) {
            try AtomicFile.write(
                Array("\(mirror)/objects\n".utf8), to: "\(path)/objects/info/alternates", isDurable: false)
        } catch {
            throw GitError(.storage, operation: "make", subject: path, error.message)
        }
        var opened: OpaquePointer?
        try LibGit2.check(git_repository_open_bare(&opened, path), "open", path)
        guard let opened else { throw GitError(.failed, operation: "open", subject: path, "no handle") }
        repository = opened
    }

    /// Removes what is there of an earlier one.
    static func remove(_ kind: Kind, in mirror: String) {
        try? FileManager.default.removeItem(atPath: "\(mirror)/\(kind.rawValue)")
    }

    /// Most commits that libgit2 tells a server of while both find out what they have in common.
    private static let mostNegotiated = 256

    /// Tells the server what is here already: the newest commit from which libgit2 can walk as far as it tells. It stops at
    /// malformed lines, and then more is sent than is needed.
    func have(_ commit: ObjectID?) {
        guard var next = commit, let objects = try? ObjectDatabase(path: path) else { return }
        for _ in 0..<Self.mostNegotiated {
            if canWalk(from: next) { return refer(to: next) }
            guard let parent = try? objects.commit(next).parents.first else { return }
            next = parent
        }
    }

    private func canWalk(from commit: ObjectID) -> Bool {
        var walk: OpaquePointer?
        guard git_revwalk_new(&walk, repository) == 0 else { return false }
        defer { git_revwalk_free(walk) }
        git_revwalk_sorting(walk, UInt32(GIT_SORT_TIME.rawValue))
        var oid = git_oid(commit)
        guard git_revwalk_push(walk, &oid) == 0 else { return false }
        for _ in 0...Self.mostNegotiated {
            let result = git_revwalk_next(&oid, walk)
            if result == GIT_ITEROVER.rawValue { return true }
            guard result == 0 else { return false }
        }
        return true
    }

    private func refer(to commit: ObjectID) {
        var oid = git_oid(commit)
        var reference: OpaquePointer?
        git_reference_create(&reference, repository, MirrorRef.remote, &oid, 1, nil)
        git_reference_free(reference)
    }

    /// Downloads what refspecs name.
    func download(_ specs: [String], from remote: OpaquePointer, _ context: ConnectionContext) throws {
        var options = git_fetch_options()
        git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
        context.install(in: &options.callbacks)
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        try context.check(GitWorker.withRefspecs(specs) { git_remote_download(remote, $0, &options) }, "fetch from")
    }

    /// The packs that came.
    private var packs: [String] {
        (PlainFile.names(in: "\(path)/objects/pack") ?? []).filter { $0.hasSuffix(".pack") && $0.hasPrefix("pack-") }
    }

    /// Moves everything that came into the mirror: each pack first, then the index by which it is found.
    func take() throws(GitError) {
        for pack in packs {
            for name in [pack, String(pack.dropLast(4)) + "idx"] {
                let from = "\(path)/objects/pack/\(name)"
                guard rename(from, "\(mirror)/objects/pack/\(name)") == 0 else {
                    throw GitError(.storage, operation: "take in", subject: name, String(cString: strerror(errno)))
                }
            }
        }
    }

    /// Looks at every commit that is new: none may be larger than is ever read.
    func check(_ tip: ObjectID) throws {
        let here = try ObjectDatabase(path: mirror)
        let all = try ObjectDatabase(path: path)
        var (waiting, seen) = ([tip], Set([tip]))
        while let id = waiting.popLast() {
            guard !here.has(id) else { continue }
            let size = try all.size(of: id)
            guard size <= CommitObject.longestRead else { throw Self.tooLarge("commit", id, size) }
            for parent in try all.commit(id).parents where seen.insert(parent).inserted { waiting.append(parent) }
        }
    }

    static func tooLarge(_ what: String, _ id: ObjectID, _ size: Int) -> GitError {
        GitError(
            .tooLarge, operation: "fetch", subject: "\(what) \(id.short)",
            "it has \(size) bytes, more than are ever read; take it off the branch")
    }

    deinit {
        git_repository_free(repository)
        try? FileManager.default.removeItem(atPath: path)
    }
}
