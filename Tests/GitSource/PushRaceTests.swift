import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Somebody else pushes at the same time: nothing of theirs is ever lost.
@Suite(.timeLimit(.minutes(2))) struct PushRaceTests {
    static let now = Instant(milliseconds: 1_795_000_000_000)

    @Test(arguments: ["file", "ssh"]) func pushersAllLand(_ transport: String) async throws {
        let fixture = try await Fixture("all-\(transport)")
        let names = ["b.txt", "c.txt", "d.txt"]
        var commits: [ObjectID] = []
        for name in names { commits.append(try await fixture.commit("Add \(name)", [name: "x\n"])) }
        let ssh = transport == "ssh" ? try await GitServers(fixture.scratch).ssh() : nil
        defer { withExtendedLifetime(ssh) {} }
        let credentials = GitCredentials(sshKeyFile: ssh?.key, knownHostsFile: ssh?.knownHosts)
        let url = ssh.map { "\($0.url)/remote.git" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for commit in commits {
                let mirror = try await fixture.mirror(url, credentials: credentials, name: "\(commit.short).git")
                group.addTask {
                    _ = try await mirror.revertAndPush(commit, subject: nil, body: "", at: Self.now, attempts: 20)
                }
            }
            try await group.waitForAll()
        }
        let log = try await git("log", "--format=%s", "main", in: fixture.remote).split(separator: "\n").map(String.init)
        #expect(Set(log.prefix(3)) == Set(names.map { "Revert \"Add \($0)\"" }) && log.count == 7)
        #expect(try await git("ls-tree", "--name-only", "main", in: fixture.remote) == "a.txt")
        try await git("fsck", "--full", in: fixture.remote)
    }

    /// The server itself finds that the branch has moved, after the child has looked at it.
    @Test func aRaceThatTheServerNoticesIsRunAgain() async throws {
        let fixture = try await Fixture("noticed")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let other = try await commitOnTheSide(fixture)
        // Runs while the push is being taken, once.
        try fixture.scratch.write(
            "remote.git/hooks/update",
            "#!/bin/sh\ntest -e once && exit 0\ntouch once\ngit update-ref refs/heads/main \(other)\n")
        chmod(fixture.scratch.file("remote.git/hooks/update"), 0o755)
        let (server, url, key, knownHosts) = try await GitServers(fixture.scratch).ssh()
        defer { withExtendedLifetime(server) {} }
        let mirror = try await fixture.mirror(
            "\(url)/remote.git", credentials: GitCredentials(sshKeyFile: key, knownHostsFile: knownHosts))
        let revert = try await mirror.revertAndPush(second, subject: nil, body: "", at: Self.now, attempts: 3)
        #expect(try await fixture.remoteTip() == revert)
        #expect(try await mirror.commit(revert).parents.map(\.hex) == [other])
    }

    /// libgit2's own way to push to a folder sets the branch without looking at it again.
    @Test func aBranchThatMovesWhileAFolderIsWrittenToIsNotOverwritten() async throws {
        let fixture = try await Fixture("folder")
        let mirror = try await fixture.mirror()
        let tip = try await mirror.refresh().tip
        let other = try await commitOnTheSide(fixture)
        // Large, so that writing it takes a while.
        try fixture.scratch.write("large", noise(20_000_000))
        let bare = fixture.scratch.file("mirror.git")
        let blob = try await git("hash-object", "-w", fixture.scratch.file("large"), in: bare)
        let listing = try fixture.scratch.write("listing", "100644 blob \(blob)\tlarge\n")
        let tree = try await execute("sh", ["-c", "git mktree <\(listing)"], in: bare).output
        let large = try await git(
            "commit-tree", "-p", tip.hex, "-m", "Large", tree.trimmingCharacters(in: .newlines), in: bare)
        let commit = try #require(ObjectID(large))
        async let pushed = gitError { try await mirror.push(commit, expecting: tip) }
        #expect(try await eventually(within: .seconds(20)) { try !leftovers(fixture.remote).isEmpty })
        try await git("update-ref", "refs/heads/main", other, tip.hex, in: fixture.remote)
        let lost = await pushed
        #expect(lost?.code == .rejected, "\(String(describing: lost))")
        #expect(try await fixture.remoteTip().hex == other)
    }

    @Test func aFolderWithHooksIsNotWrittenToBehindTheirBack() async throws {
        let fixture = try await Fixture("hooks")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let hook = try fixture.scratch.write("remote.git/hooks/pre-receive", "#!/bin/sh\nexit 1\n")
        chmod(hook, 0o755)
        let error = await gitError {
            _ = try await fixture.mirror().revertAndPush(second, subject: nil, body: "", at: Self.now, attempts: 2)
        }
        #expect(error?.code == .rejected && error?.message.contains("pre-receive") ?? false, "\(String(describing: error))")
        #expect(try await fixture.remoteTip() == second)
    }

    @Test func aFolderWithAWorkTreeIsNotPushedTo() async throws {
        let fixture = try await Fixture("worktree")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let mirror = try await fixture.mirror("file://\(fixture.work)")
        let error = await gitError {
            _ = try await mirror.revertAndPush(second, subject: nil, body: "", at: Self.now, attempts: 2)
        }
        #expect(error?.code == .rejected && error?.message.contains("bare") ?? false, "\(String(describing: error))")
        #expect(try await fixture.head() == second)
    }

    /// A commit on top of the branch that the remote has, and not yet on the branch.
    private func commitOnTheSide(_ fixture: Fixture) async throws -> String {
        let other = try await git("commit-tree", "-p", "HEAD", "-m", "Other", "HEAD^{tree}", in: fixture.work)
        try await git("push", "-q", "origin", "\(other):refs/heads/other", in: fixture.work)
        return other
    }
}
