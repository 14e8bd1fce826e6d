import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Writing back to Git.
@Suite(.timeLimit(.minutes(2))) struct RevertTests {
    static let now = Instant(milliseconds: 1_795_000_000_000)

    @Test func aMergeIsRevertedToItsFirstParent() async throws {
        let fixture = try await Fixture("merge")
        try await git("checkout", "-q", "-b", "topic", in: fixture.work)
        try fixture.scratch.write("work/a.txt", "two\n")
        try await git("commit", "-qam", "Change", in: fixture.work)
        try await git("checkout", "-q", "main", in: fixture.work)
        try await git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic", in: fixture.work)
        let merge = try await fixture.commit("After")
        let mirror = try await fixture.mirror()
        let parent = try await mirror.refresh()
        let commit = try await mirror.commit(merge).parents[0]
        let revert = try await mirror.revertAndPush(
            commit, subject: nil, body: "It failed.\n\nCurfew-Revert: \(commit)\n", at: Self.now, attempts: 3)
        #expect(parent.tip == merge)
        #expect(try await git("show", "main:a.txt", in: fixture.remote) == "one")
        let info = try await mirror.commit(revert)
        #expect(info.summary == "Revert \"Merge topic\"")
        #expect(info.trailers("curfew-revert") == [commit.hex])
        #expect(info.authorName == "Curfew" && info.committedAt == Self.now)
    }

    @Test func severalCommitsAreRevertedByOneThatNamesEachOfThem() async throws {
        let fixture = try await Fixture("several")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let third = try await fixture.commit("Third", ["b.txt": "b\n"])
        let fourth = try await fixture.commit("Fourth", ["a.txt": "four\n"])
        let mirror = try await fixture.mirror()
        _ = try await mirror.refresh()
        // Whatever the order they are named in: the newest goes first.
        let body = "They failed.\n\nCurfew-Revert: \(second)\nCurfew-Workload: web\n"
        let revert = try await mirror.revertAndPush([second, fourth], subject: nil, body: body, at: Self.now, attempts: 3)
        #expect(try await git("show", "main:a.txt", "main:b.txt", in: fixture.remote) == "one\nb")
        let info = try await mirror.commit(revert)
        #expect(info.summary == "Revert \"Fourth\" and 1 more")
        #expect(info.trailers("Curfew-Revert") == [second.hex, fourth.hex])
        #expect(info.trailers("Curfew-Workload") == ["web"])
        #expect(try await mirror.revertTargets(of: revert) == [second, fourth])
        #expect(try await mirror.revertTargets(of: third).isEmpty)
    }

    /// A key that may only take back must not be able to do more under that name.
    @Test func aRevertThatDoesMoreOrLessIsNone() async throws {
        let fixture = try await Fixture("more")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let third = try await fixture.commit("Third", ["b.txt": "b\n"])
        try await git("rm", "-q", "b.txt", in: fixture.work)
        let base = third.hex
        let none = String(repeating: "0", count: 40)
        for (trailers, a) in [
            ("Curfew-Revert: \(third)", "more\n"), ("Curfew-Revert: \(second)\nCurfew-Revert: \(third)", "two\n"),
            ("Curfew-Revert: \(third)\nCurfew-Revert: \(none)", "two\n"),
            ("Curfew-Revert: \(third)\nCurfew-Revert: x", "two\n"),
            ("Curfew-Revert: \(third)\nCurfew-Revert: \(third)", "two\n"), ("Other: x", "two\n"),
        ] {
            try await git("reset", "-q", "--soft", base, in: fixture.work)
            let commit = try await fixture.commit("Revert\n\n\(trailers)", ["a.txt": a])
            let mirror = try await fixture.mirror(name: "\(commit.short).git")
            _ = try await mirror.refresh()
            #expect(try await mirror.revertTargets(of: commit).isEmpty, "\(trailers)")
        }
        try await git("reset", "-q", "--soft", base, in: fixture.work)
        let commit = try await fixture.commit("Revert\n\nCurfew-Revert: \(third)", ["a.txt": "two\n"])
        let mirror = try await fixture.mirror()
        _ = try await mirror.refresh()
        #expect(try await mirror.revertTargets(of: commit) == [third])
    }

    @Test func aConflictNamesThePaths() async throws {
        let fixture = try await Fixture("conflict")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        try await fixture.commit("Third", ["a.txt": "three\n"])
        let mirror = try await fixture.mirror()
        let error = await gitError {
            _ = try await mirror.revertAndPush(second, subject: nil, body: "", at: Self.now, attempts: 1)
        }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("a.txt") ?? false)
    }

    @Test func aLostRaceIsRunAgainAndNothingIsForced() async throws {
        let fixture = try await Fixture("race")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let mirror = try await fixture.mirror()
        let tip = try await mirror.refresh().tip
        let revert = try await mirror.makeRevert(of: second, onto: tip, subject: nil, body: "", at: Self.now)
        let third = try await fixture.commit("Third", ["b.txt": "b\n"])
        let lost = await gitError { try await mirror.push(revert, expecting: tip) }
        #expect(lost?.code == .rejected, "\(String(describing: lost))")
        #expect(try await fixture.remoteTip() == third)
        let pushed = try await mirror.revertAndPush(second, subject: nil, body: "", at: Self.now, attempts: 3)
        #expect(try await fixture.remoteTip() == pushed)
        #expect(try await mirror.commit(pushed).parents == [third])
    }

    @Test func aProtectedBranchSaysWhy() async throws {
        let fixture = try await Fixture("protected")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        try fixture.scratch.write(
            "remote.git/hooks/pre-receive", "#!/bin/sh\necho main is protected >&2\nyes more | head -c 100000 >&2\nexit 1\n")
        chmod(fixture.scratch.file("remote.git/hooks/pre-receive"), 0o755)
        let (server, url, key, knownHosts) = try await GitServers(fixture.scratch).ssh()
        defer { withExtendedLifetime(server) {} }
        let mirror = try await fixture.mirror(
            "\(url)/remote.git", credentials: GitCredentials(sshKeyFile: key, knownHostsFile: knownHosts))
        let error = await gitError {
            _ = try await mirror.revertAndPush(second, subject: nil, body: "", at: Self.now, attempts: 2)
        }
        #expect(error?.code == .rejected, "\(String(describing: error))")
        #expect(error?.message.contains("main is protected") ?? false, "\(String(describing: error))")
        #expect(error.map { $0.message.utf8.count <= 1000 } ?? false)
        #expect(try await fixture.remoteTip() == second)
    }

    @Test func signedRevertsAreVerifiedByGit() async throws {
        let fixture = try await Fixture("signed")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let key = fixture.scratch.file("curfew_key")
        #expect(try await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]).code == 0)
        let mirror = try await fixture.mirror(
            identity: GitIdentity(name: "Curfew", email: "curfew@example.org", signingKeyFile: key))
        let revert = try await mirror.revertAndPush(second, subject: nil, body: "", at: Self.now, attempts: 2)
        let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
        let allowed = try fixture.scratch.write("allowed", "curfew@example.org namespaces=\"git\" \(publicKey)")
        try await git("-c", "gpg.ssh.allowedSignersFile=\(allowed)", "verify-commit", revert.hex, in: fixture.remote)
    }

    @Test func aKeyThatNeedsAPassphraseIsAnErrorAndNoQuestion() async throws {
        let fixture = try await Fixture("locked")
        let key = fixture.scratch.file("locked_key")
        #expect(try await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "s3cret", "-f", key]).code == 0)
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let mirror = try await fixture.mirror(identity: GitIdentity(signingKeyFile: key))
        _ = try await mirror.refresh()
        let error = await gitError {
            _ = try await mirror.makeRevert(of: second, onto: second, subject: nil, body: "", at: Self.now)
        }
        #expect(error?.subject == key, "\(String(describing: error))")
    }

    /// What a hostile or strange commit says about itself.
    @Test func oddCommits() async throws {
        let fixture = try await Fixture("odd")
        let tree = try await git("rev-parse", "HEAD^{tree}", in: fixture.work)
        let far = "alice <a@example.org> 9223372036854775000 +0000"
        let text = "tree \(tree)\nauthor \(far)\ncommitter \(far)\n\nOdd\r\n\r\nBody\r\n\r\nCurfew-Seal: abc\r\nOther: d\r\n"
        let id = try await fixture.object("commit", Data(text.utf8))
        try await git("push", "-qf", "origin", "\(id):main", in: fixture.work)
        let mirror = try await fixture.mirror()
        let tip = try await mirror.refresh().tip
        let info = try await mirror.commit(tip)
        #expect(tip.hex == id && info.summary == "Odd")
        #expect(info.trailers("curfew-seal") == ["abc"])
        #expect(info.committedAt > Instant(milliseconds: 4_000_000_000_000))
    }
}
