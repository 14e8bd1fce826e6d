public import CurfewModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A person's own clone of the repository, worked on by `git` itself: their remotes, their credentials and their signing key
/// count. The work tree and the index are never touched: commits are made beside them.
public struct WorkingClone: Sendable {
    /// The folder.
    public let path: String
    /// The remote that is fetched from and pushed to.
    public let remote: String
    /// The branch that Curfew follows.
    public let branch: String
    /// The key to sign with, when it is not the one of git's configuration.
    public let signingKey: String?

    /// Opens the clone that `folder` lies in.
    /// - Throws: ``GitError`` when there is none.
    public init(at folder: String, remote: String, branch: String, signingKey: String?) async throws {
        for (what, word) in [("remote", remote), ("branch", branch)] where word.isEmpty || word.hasPrefix("-") {
            throw GitError(.invalid, operation: "use \(what)", subject: word.escapingControls, "it is no name of a \(what)")
        }
        let probe = try await Self.run(["rev-parse", "--absolute-git-dir"], in: folder)
        guard probe.code == 0 else {
            throw GitError(
                .notARepository, operation: "open", subject: folder,
                "it lies in no Git repository; change into your clone, or name it with --repo")
        }
        path = probe.output.trimmingCharacters(in: .newlines)
        (self.remote, self.branch, self.signingKey) = (remote, branch, signingKey)
    }

    /// Runs git; its standard output without the last line break.
    /// - Throws: ``GitError`` with the last line of what git complained about.
    @discardableResult
    public func git(_ arguments: [String], input: String? = nil, environment: [String: String] = [:]) async throws -> String {
        var options: [String] = []
        if let signingKey { options += ["-c", "user.signingkey=\(signingKey)"] }
        let result = try await Self.run(
            ["--git-dir", path, "-c", "gpg.format=ssh"] + options + arguments, in: nil, input: input, environment: environment)
        guard result.code == 0 else {
            let complaint = result.errors.split(separator: "\n").last.map(String.init) ?? "exit code \(result.code)"
            throw GitError(.failed, operation: "git \(arguments[0])", subject: path, complaint.escapingControls)
        }
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// Fetches the branch, the requests and the approvals; returns the branch's tip.
    public func fetch() async throws -> ObjectID {
        try await git([
            "fetch", "--quiet", "--no-tags", remote, "+refs/heads/\(branch):refs/remotes/\(remote)/\(branch)",
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

    private static func run(
        _ arguments: [String], in folder: String?, input: String? = nil, environment: [String: String] = [:]
    ) async throws -> (code: Int32, output: String, errors: String) {
        var variables = environment
        variables["GIT_TERMINAL_PROMPT"] = "0"
        let result = try await Subprocess.run(
            .name("git"), arguments: Arguments(arguments),
            environment: .inherit.updating(
                Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
            workingDirectory: folder.map { FilePath($0) }, input: .string(input ?? ""), output: .string(limit: 8 << 20),
            error: .string(limit: 1 << 20))
        guard case .exited(let code) = result.terminationStatus else { return (1, "", "git was killed") }
        return (Int32(code), result.standardOutput, result.standardError)
    }
}
