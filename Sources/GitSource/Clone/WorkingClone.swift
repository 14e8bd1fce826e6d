public import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// A person's own clone of the repository, worked on by `git` itself: their remotes, their credentials and their signing key
/// count. The work tree and the index are never touched: commits are made beside them, and nothing that the clone's own
/// configuration names is ever run (``CloneConfiguration``).
public struct WorkingClone: Sendable {
    /// The git folder with the objects.
    public let path: String
    /// The remote that is fetched from and pushed to.
    public let remote: String
    /// The branch that Curfew follows.
    public let branch: String
    /// The key to sign with, when it is not the one of git's configuration.
    public let signingKey: String?
    /// Settings of the clone's own that are not used; for people.
    public let ignoredSettings: [String]
    /// Where the remote is, as the clone says; `nil` when it says nothing.
    public let address: String?
    private let desk: CloneDesk
    /// Longest time of a run, with a slow remote and a question for a passphrase.
    private static let deadline = Duration.seconds(600)

    /// Opens the clone that `folder` lies in.
    /// - Throws: ``GitError`` when there is none.
    public init(at folder: String, remote: String, branch: String, signingKey: String?) async throws {
        for (what, word) in [("remote", remote), ("branch", branch)]
        where word.isEmpty || word.hasPrefix("-") || word != word.escapingControls || word.contains("\"") || word.contains(":")
        {
            throw GitError(.invalid, operation: "use \(what)", subject: word.escapingControls, "it is no name of a \(what)")
        }
        let probe = try await Self.run(
            ["-C", folder, "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", "--show-object-format"])
        let lines = probe.output.split(separator: "\n").map(String.init)
        guard probe.code == 0, lines.count == 3 else { throw Self.notOpened(folder, probe.errors) }
        guard lines[2] == "sha1" else {
            throw GitError(
                .invalid, operation: "open", subject: folder, "its objects are named by \(lines[2]); only sha1 is supported")
        }
        let listed = try await Self.run(["config", "--file", lines[1] + "/config", "--no-includes", "-z", "--list"])
        let settings = CloneConfiguration(listed: Array(listed.output.utf8), remote: remote)
        for text in settings.addresses(of: remote) { try Self.check(text, of: remote, folders: lines) }
        desk = try CloneDesk(common: lines[1], own: lines[0], configuration: settings)
        (path, ignoredSettings, address) = (lines[1], settings.ignored, settings.addresses(of: remote).first)
        (self.remote, self.branch, self.signingKey) = (remote, branch, signingKey)
    }

    private static func notOpened(_ folder: String, _ errors: String) -> GitError {
        let why: String
        if errors.contains("dubious ownership") {
            why =
                "it belongs to another user, who may have put anything into it; if you trust it, run: "
                + "git config --global --add safe.directory \(folder == "." ? "\"$PWD\"" : folder.escapingControls)"
        } else if errors.contains("bare repository") {
            why = "it is a bare repository (safe.bareRepository); change into a clone with a work tree, or name one with --repo"
        } else {
            why = "it lies in no Git repository; change into your clone, or name it with --repo"
        }
        return GitError(.notARepository, operation: "open", subject: folder, why)
    }

    /// An address that git may be given: of a known kind, and not a repository inside the clone, whose hooks would run here.
    private static func check(_ text: String, of remote: String, folders: [String]) throws {
        let url = try RemoteURL(text)
        guard let folder = url.folder else { return }
        let place = URL(filePath: folder).resolvingSymlinksInPath().path
        let inside = folders.prefix(2).map { git in
            let path = URL(filePath: git).resolvingSymlinksInPath().path
            return path.hasSuffix("/.git") ? String(path.dropLast(5)) : path
        }
        guard !inside.contains(where: { place == $0 || place.hasPrefix($0 + "/") }) else {
            throw GitError(.invalid, operation: "use remote", subject: remote, "its address lies inside the clone itself")
        }
    }

    /// Runs git; its standard output without the last line break.
    /// - Throws: ``GitError`` with the last line of what git complained about.
    @discardableResult
    public func git(_ arguments: [String], input: String? = nil) async throws -> String {
        var options = ["--git-dir", desk.path, "-c", "gpg.format=ssh"]
        if let signingKey { options += ["-c", "user.signingkey=\(signingKey)"] }
        let result = try await Self.run(options + arguments, input: input)
        guard result.code == 0 else {
            let complaint = result.errors.split(separator: "\n").last.map(String.init) ?? "exit code \(result.code)"
            throw GitError(.failed, operation: "git \(arguments.first ?? "")", subject: path, complaint.escapingControls)
        }
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// Fetches the branch, the requests and the approvals; returns the branch's tip.
    public func fetch() async throws -> ObjectID {
        try await git([
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", remote,
            "+refs/heads/\(branch):refs/remotes/\(remote)/\(branch)",
            "+refs/heads/request/*:refs/remotes/\(remote)/request/*", "+refs/tags/approvals/*:refs/tags/approvals/*",
        ])
        return try await resolve("refs/remotes/\(remote)/\(branch)")
    }

    /// The commit that a revision names.
    public func resolve(_ revision: String) async throws -> ObjectID {
        let text = try await git(["rev-parse", "--verify", "--end-of-options", revision + "^{commit}"])
        guard let id = ObjectID(text) else {
            throw GitError(.invalid, operation: "resolve", subject: revision.escapingControls, "it names no commit")
        }
        return id
    }

    /// The commit without a parent that the first parents of another lead to.
    public func firstCommit(of commit: ObjectID) async throws -> ObjectID {
        guard try await git(["rev-parse", "--is-shallow-repository"]) == "false" else {
            throw GitError(
                .invalid, operation: "find the first commit of", subject: commit.short,
                "the clone is shallow; name the repository's root with --root, or run `git fetch --unshallow`")
        }
        let text = try await git(["rev-list", "--first-parent", "--max-parents=0", commit.hex])
        guard let id = ObjectID(text) else {
            throw GitError(.missingObject, operation: "find the first commit of", subject: commit.short, "there is none")
        }
        return id
    }

    /// The blob at a path of a commit, `nil` when there is none.
    public func blob(at path: String, of commit: ObjectID) async throws -> ObjectID? {
        let line = try await git(["ls-tree", "-z", commit.hex, "--", path])
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        return words.count >= 3 && words[1] == "blob" ? ObjectID(String(words[2])) : nil
    }

    /// A setting of git's, `nil` when it is not set.
    public func setting(_ name: String) async -> String? {
        (try? await git(["config", "--get", name])).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func run(_ arguments: [String], input: String? = nil) async throws -> (
        code: Int32, output: String, errors: String
    ) {
        do {
            let result = try await GitProgram.program(arguments, input: input.map { Array($0.utf8) }).run(within: deadline)
            guard case .exited(let code) = result.status else { return (1, "", "git was killed") }
            return (code, result.text, String(decoding: result.errors, as: UTF8.self))
        } catch {
            throw GitError.running("run git", arguments.first { !$0.hasPrefix("-") } ?? "", error)
        }
    }
}
