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
        #expect(info.trailers.values("curfew-revert") == [commit.hex])
        #expect(info.authorName == "Curfew" && info.committedAt == Self.now)
    }

    /// A key that may only take back must not be able to do more under that name.
    @Test func aRevertThatDoesMoreOrLessIsNone() async throws {
        let fixture = try await Fixture("more")
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let third = try await fixture.commit("Third", ["b.txt": "b\n"])
        try await git("rm", "-q", "b.txt", in: fixture.work)
        for (target, a) in [(third, "more\n"), (second, "two\n"), (third, "one\n"), (second, "one\n")] {
            try await git("reset", "-q", "--soft", third.hex, in: fixture.work)
            let commit = try await fixture.commit("Revert", ["a.txt": a])
            let mirror = try await fixture.mirror(name: "\(commit.short).git")
            _ = try await mirror.refresh()
            #expect(try await !mirror.takesBack(commit, target, within: .everything), "\(target.short) \(a)")
        }
        try await git("reset", "-q", "--soft", third.hex, in: fixture.work)
        let commit = try await fixture.commit("Revert", ["a.txt": "two\n"])
        let mirror = try await fixture.mirror()
        _ = try await mirror.refresh()
        #expect(try await mirror.takesBack(commit, third, within: .everything))
        #expect(try await !mirror.takesBack(commit, third, within: PathScope(trees: ["a.txt"])))
    }

    /// Of a commit that did more, a part is taken back; what later commits did to the same files stays.
    @Test func onlyAPartIsTakenBack() async throws {
        let fixture = try await Fixture("part")
        let lines = (1...20).map { "\($0)\n" }
        try await fixture.commit("Lines", ["m/web/web.yaml": lines.joined(), "policies/a": "1\n", "m/web/gone": "x\n"])
        try await git("rm", "-q", "m/web/gone", in: fixture.work)
        var changed = lines
        changed[1] = "changed\n"
        let deploy = try await fixture.commit(
            "Deploy",
            ["m/web/web.yaml": changed.joined(), "policies/a": "2\n", "README": "new\n", "m/web/new": "x\n", "m/api/b": "b\n"])
        changed[18] = "later\n"
        let later = try await fixture.commit("Later", ["m/web/web.yaml": changed.joined(), "m/api/b": "b2\n"])
        let mirror = try await fixture.mirror()
        let scope = PathScope(trees: ["m/web"])
        let revert = try await mirror.revertAndPush(deploy, within: scope, subject: nil, body: "", at: Self.now, attempts: 2)
        let paths = try await mirror.facts(of: revert).changes.map(\.path).sorted()
        #expect(paths == ["m/web/gone", "m/web/new", "m/web/web.yaml"])
        var expected = lines
        expected[18] = "later\n"
        #expect(try await git("show", "main:m/web/web.yaml", in: fixture.remote) + "\n" == expected.joined())
        #expect(try await mirror.takesBack(revert, deploy, within: scope))
        #expect(try await !mirror.takesBack(revert, deploy, within: .everything))
        let conflict = await gitError {
            _ = try await mirror.makeRevert(of: deploy, onto: later, subject: nil, body: "", at: Self.now)
        }
        #expect(conflict?.message.contains("m/api/b") ?? false, "\(String(describing: conflict))")
    }

    /// Files in place of folders, folders in place of files, names of any bytes, links and modes: back to what was there.
    @Test func whateverACommitDidIsTakenBackExactly() async throws {
        let fixture = try await Fixture("any")
        var random = Numbers(seed: 11)
        let names = ["a", "b", "é", "e\u{301}", "\u{301}x", "a\\b", "x y", "-x", "*"]
        func build(_ depth: Int) async throws -> String {
            var lines = Data()
            for name in names where random.below(3) > 0 {
                switch random.below(depth > 0 ? 3 : 5) {
                case 0:
                    let blob = try await fixture.object("blob", Data("\(random.below(3))\n".utf8))
                    lines += Data("100644 blob \(blob)\t\(name)\0".utf8)
                case 1:
                    let blob = try await fixture.object("blob", Data("a".utf8))
                    lines += Data("120000 blob \(blob)\t\(name)\0".utf8)
                case 2:
                    let blob = try await fixture.object("blob", Data("x\n".utf8))
                    lines += Data("100755 blob \(blob)\t\(name)\0".utf8)
                default: lines += Data("040000 tree \(try await build(depth + 1))\t\(name)\0".utf8)
                }
            }
            let blob = try await fixture.object("blob", Data("\(depth)".utf8))
            lines += Data("100644 blob \(blob)\tz".utf8) + [0xFF, 0]
            let file = fixture.scratch.file("listing")
            try lines.write(to: URL(filePath: file))
            let made = try await execute("sh", ["-c", "git mktree -z <\"$0\"", file], in: fixture.work)
            return made.output.trimmingCharacters(in: .newlines)
        }
        var tip = try await fixture.head().hex
        var pairs: [(ObjectID, ObjectID)] = []
        for _ in 0..<6 {
            let tree = try await build(0)
            let next = try await git("commit-tree", "-p", tip, "-m", "Next", tree, in: fixture.work)
            pairs.append((try #require(ObjectID(next)), try #require(ObjectID(tip))))
            tip = next
        }
        try await git("push", "-qf", "origin", "\(tip):main", in: fixture.work)
        let mirror = try await fixture.mirror()
        _ = try await mirror.refresh()
        for (commit, parent) in pairs {
            let revert = try await mirror.makeRevert(of: commit, onto: commit, subject: nil, body: "", at: Self.now)
            #expect(try await mirror.commit(revert).tree == (try await mirror.commit(parent).tree))
        }
    }

    /// Written down otherwise, the same signature gives another commit; what it was made of stays the same.
    @Test func whatWasSignedIsTheSameInEverySpelling() async throws {
        let fixture = try await Fixture("payload")
        let keys = try await SigningKeys(fixture.scratch, "alice")
        try fixture.scratch.write("work/b.txt", "x")
        try await git("add", "-A", in: fixture.work)
        try await keys.git(as: "alice", "commit", "-qm", "Signed", in: fixture.work)
        let signed = try await fixture.head()
        let text = try await execute("git", ["cat-file", "commit", signed.hex], in: fixture.work).output
        let begin = try #require(text.firstRange(of: "gpgsig ")?.lowerBound)
        let mark = "-----END SSH SIGNATURE-----\n"
        let end = try #require(text.firstRange(of: mark)?.upperBound)
        let lines = text[begin..<end].split(separator: "\n").map { $0.drop { $0 == " " } }
        let body = lines.dropFirst().dropLast().joined()
        var ids = [signed.hex]
        for width in [20, 64, 69] {
            var (rest, wrapped) = (Substring(body), ["gpgsig -----BEGIN SSH SIGNATURE-----"])
            while !rest.isEmpty {
                wrapped.append(" " + rest.prefix(width))
                rest = rest.dropFirst(width)
            }
            let other = String(text[..<begin]) + (wrapped + [" " + mark]).joined(separator: "\n") + text[end...]
            ids.append(try await fixture.object("commit", Data(other.utf8)))
        }
        // Only other parents make another payload.
        let moved = text.replacing("parent ", with: "parent \(signed.hex)\nparent ")
        let elsewhere = try await fixture.object("commit", Data(moved.utf8))
        for (index, id) in (ids + [elsewhere]).enumerated() {
            try await git("push", "-qf", "origin", "\(id):refs/heads/c\(index)", in: fixture.work)
            try await git("push", "-qf", "origin", "\(id):refs/heads/main", in: fixture.work)
        }
        let mirror = try await fixture.mirror()
        var digests: [String] = []
        for id in ids + [elsewhere] {
            try await git("update-ref", "refs/heads/main", id, in: fixture.remote)
            let tip = try await mirror.refresh().tip
            digests.append(try await mirror.payloadDigest(of: tip))
            let signature = try await mirror.facts(of: tip).signature
            #expect((signature == .good(try keys.key("alice"))) == (id != elsewhere))
        }
        #expect(Set(ids).count == 4 && Set(digests.dropLast()).count == 1 && Set(digests).count == 2)
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
        #expect(info.trailers.values("curfew-seal") == ["abc"])
        #expect(info.committedAt > Instant(milliseconds: 4_000_000_000_000))
    }
}
