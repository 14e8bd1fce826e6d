import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc

/// A bare remote with one commit, a work tree to push from, and a mirror.
final class Fixture: Sendable {
    let scratch: Scratch
    var remote: String { scratch.file("remote.git") }
    var work: String { scratch.file("work") }

    init(_ label: String, commit: Bool = true) async throws {
        scratch = try Scratch("git-\(label)")
        try await git("init", "-q", "--bare", "-b", "main", "remote.git", in: scratch.path)
        try await git("init", "-q", "-b", "main", "work", in: scratch.path)
        try await git("remote", "add", "origin", remote, in: work)
        if commit { try await self.commit("First", ["a.txt": "one\n"]) }
    }

    /// Writes files, commits and pushes; returns the commit.
    @discardableResult
    func commit(_ message: String, _ files: [String: String] = [:]) async throws -> ObjectID {
        for (name, text) in files { try scratch.write("work/\(name)", text) }
        try await git("add", "-A", in: work)
        try await git("commit", "-q", "--allow-empty", "-m", message, in: work)
        try await git("push", "-q", "-f", "origin", "HEAD:main", in: work)
        return try await head()
    }

    /// Writes an object of any content into the work tree's repository; returns its id.
    func object(_ kind: String, _ data: Data) async throws -> String {
        let file = scratch.file("object")
        try data.write(to: URL(filePath: file))
        return try await git("hash-object", "-t", kind, "-w", "--literally", file, in: work)
    }

    func head() async throws -> ObjectID { try id(try await git("rev-parse", "HEAD", in: work)) }
    func remoteTip() async throws -> ObjectID { try id(try await git("rev-parse", "main", in: remote)) }

    func mirror(
        _ url: String? = nil, mirrors: [String] = [], branch: String = "main", timeout: Span = .seconds(20),
        credentials: GitCredentials = GitCredentials(), identity: GitIdentity = GitIdentity(), name: String = "mirror.git"
    ) async throws -> Mirror {
        let location = RepositoryLocation(
            url: url ?? "file://\(remote)", mirrors: mirrors, branch: branch, timeout: timeout, credentials: credentials,
            identity: identity)
        let mirror = Mirror(path: scratch.file(name), location: location, worker: [try curfewExecutable(), "git-worker"])
        try await mirror.open()
        return mirror
    }

    private func id(_ text: String) throws -> ObjectID {
        guard let id = ObjectID(text) else { throw ProgramFailure(command: "rev-parse", output: text) }
        return id
    }
}

/// The error that `body` throws, `nil` when it throws none or another kind.
func gitError(_ body: () async throws -> Void) async -> GitError? {
    do {
        try await body()
        return nil
    } catch { return error as? GitError }
}

/// Text that does not compress.
func noise(_ bytes: Int) -> String {
    var random = SystemRandomNumberGenerator()
    var text = [UInt8](repeating: 0, count: bytes)
    var rest: UInt64 = 0
    for index in text.indices {
        if index % 8 == 0 { rest = random.next() }
        text[index] = UInt8(33 + (rest & 63))
        rest >>= 8
    }
    return String(decoding: text, as: UTF8.self)
}

/// Locks and half written files below a repository.
func leftovers(_ repository: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: repository).filter { path in
        path.hasSuffix(".lock") || path.contains("_git2_") || path.contains("/tmp_")
    }
}
