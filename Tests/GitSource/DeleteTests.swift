import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Grants are taken off the branch while others work on it.
@Suite(.timeLimit(.minutes(2))) struct DeleteTests {
    static let now = Instant(milliseconds: 1_795_000_000_000)

    private func object(_ name: String, in fixture: Fixture) async throws -> ObjectID {
        try #require(ObjectID(try await git("rev-parse", name, in: fixture.work)))
    }

    /// A remote on which `update` runs once while a push is being taken; returns the server and a mirror of it.
    private func interrupted(_ fixture: Fixture, by command: String) async throws -> (Server, Mirror) {
        try fixture.scratch.write(
            "remote.git/hooks/update", "#!/bin/sh\ntest -e once && exit 0\ntouch once\n\(command)\n")
        chmod(fixture.scratch.file("remote.git/hooks/update"), 0o755)
        let (server, url, key, knownHosts) = try await GitServers(fixture.scratch).ssh()
        let mirror = try await fixture.mirror(
            "\(url)/remote.git", credentials: GitCredentials(sshKeyFile: key, knownHostsFile: knownHosts))
        return (server, mirror)
    }

    /// A commit on the side that the remote has and no branch names.
    private func side(_ fixture: Fixture, _ files: [String: String]) async throws -> ObjectID {
        for (name, text) in files { try fixture.scratch.write("work/\(name)", text) }
        try await git("add", "-A", in: fixture.work)
        try await git("commit", "-qm", "Side", in: fixture.work)
        try await git("push", "-q", "origin", "HEAD:refs/heads/side", in: fixture.work)
        return try await fixture.head()
    }

    @Test func aPushInBetweenIsKept() async throws {
        let fixture = try await Fixture("between")
        try await fixture.commit("Grants", ["grants/a.yaml": "a", "grants/b.yaml": "b"])
        let files: [RepositoryPath: ObjectID] = ["grants/a.yaml": try await object("HEAD:grants/a.yaml", in: fixture)]
        let other = try await side(fixture, ["grants/c.yaml": "c"])
        let (server, mirror) = try await interrupted(fixture, by: "git update-ref refs/heads/main \(other)")
        defer { withExtendedLifetime(server) {} }
        let commit = try #require(try await mirror.deleteAndPush(files, message: "Revert\n", at: Self.now, attempts: 3))
        #expect(try await mirror.commit(commit).parents == [other])
        let left = try await git("ls-tree", "-r", "--name-only", "main", "grants/", in: fixture.remote)
        #expect(left == "grants/b.yaml\ngrants/c.yaml")
    }

    @Test func aGrantEditedInBetweenStays() async throws {
        let fixture = try await Fixture("edited")
        try await fixture.commit("Grants", ["grants/a.yaml": "a", "grants/b.yaml": "b"])
        let files: [RepositoryPath: ObjectID] = [
            "grants/a.yaml": try await object("HEAD:grants/a.yaml", in: fixture),
            "grants/b.yaml": try await object("HEAD:grants/b.yaml", in: fixture),
        ]
        let other = try await side(fixture, ["grants/a.yaml": "edited"])
        let (server, mirror) = try await interrupted(fixture, by: "git update-ref refs/heads/main \(other)")
        defer { withExtendedLifetime(server) {} }
        let commit = try #require(try await mirror.deleteAndPush(files, message: "Revert\n", at: Self.now, attempts: 3))
        #expect(try await mirror.facts(of: commit).changes.map(\.path) == ["grants/b.yaml"])
        #expect(try await git("show", "main:grants/a.yaml", in: fixture.remote) == "edited")
        #expect(
            try await mirror.deleteAndPush(
                ["grants/a.yaml": try #require(files["grants/a.yaml"])], message: "", at: Self.now, attempts: 3) == nil)
    }

    /// The names of `grants/` are anybody's: a name that is no UTF-8 must not keep the others from going.
    @Test func oddNamesGoToo() async throws {
        let fixture = try await Fixture("odd")
        try await fixture.commit("Grants", ["grants/a.yaml": "a", "grants/sub/deep/e.yaml": "e", "grants/keep.yaml": "k"])
        let blob = try await git("rev-parse", "HEAD:grants/a.yaml", in: fixture.work)
        let made = try await execute(
            "sh",
            [
                "-c",
                "{ git ls-tree HEAD:grants; printf '100644 blob \(blob)\\tb\\377.yaml\\n'; } | git mktree",
            ], in: fixture.work)
        let grants = made.output.trimmingCharacters(in: .newlines)
        let root = try await execute(
            "sh", ["-c", "printf '040000 tree \(grants)\\tgrants\\n' | git mktree"], in: fixture.work)
        let tree = root.output.trimmingCharacters(in: .newlines)
        let commit = try await git("commit-tree", "-p", "HEAD", "-m", "Odd", tree, in: fixture.work)
        try await git("push", "-q", "origin", "\(commit):main", in: fixture.work)
        let mirror = try await fixture.mirror()
        let a = try #require(ObjectID(blob))
        let files: [RepositoryPath: ObjectID] = [
            "grants/a.yaml": a, RepositoryPath(bytes: Array("grants/b".utf8) + [0xFF] + Array(".yaml".utf8)): a,
            "grants/sub": try await object("HEAD:grants/sub", in: fixture),
        ]
        let pushed = try await mirror.deleteAndPush(files, message: "Revert\n", at: Self.now, attempts: 1)
        #expect(try await fixture.remoteTip() == pushed)
        #expect(try await git("ls-tree", "-r", "--name-only", "main", in: fixture.remote) == "grants/keep.yaml")
    }

    @Test func aFileInPlaceOfTheFolderGoesToo() async throws {
        let fixture = try await Fixture("file")
        try await fixture.commit("Odd", ["grants": "no folder"])
        let mirror = try await fixture.mirror()
        let blob = try await object("HEAD:grants", in: fixture)
        let other = try await object("HEAD:a.txt", in: fixture)
        #expect(try await mirror.deleteAndPush(["grants": other], message: "No\n", at: Self.now, attempts: 1) == nil)
        #expect(try await mirror.deleteAndPush(["grants": blob], message: "Yes\n", at: Self.now, attempts: 1) != nil)
        #expect(try await git("ls-tree", "--name-only", "main", in: fixture.remote) == "a.txt")
    }
}
