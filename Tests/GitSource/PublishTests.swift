import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// What Curfew writes to the remote on account of grants: deletions of their files, and references of its own.
@Suite(.timeLimit(.minutes(2))) struct PublishTests {
    static let now = Instant(milliseconds: 1_795_000_000_000)

    private func blob(_ path: String, in fixture: Fixture, at commit: String = "main") async throws -> ObjectID {
        let text = try await git("rev-parse", "\(commit):\(path)", in: fixture.remote)
        return try #require(ObjectID(text))
    }

    private func signed(_ fixture: Fixture) async throws -> Mirror {
        let key = fixture.scratch.file("curfew")
        try await SSHHost.makeKey(key)
        return try await fixture.mirror(
            identity: GitIdentity(name: "Curfew", email: "curfew@example.org", signingKeyFile: key))
    }

    @Test func deletesJustWhatEndedInOneSignedCommit() async throws {
        let fixture = try await Fixture("ended")
        try await fixture.commit(
            "Grants", ["grants/a.yaml": "a", "grants/b.yaml": "b", "grants/c.yaml": "c", "grants/d/e.yaml": "e"])
        let mirror = try await signed(fixture)
        let files: [RepositoryPath: ObjectID] = [
            "grants/a.yaml": try await blob("grants/a.yaml", in: fixture),
            "grants/b.yaml": try await blob("grants/b.yaml", in: fixture),
            // A folder where a grant should be has the id of a tree.
            "grants/d": try await blob("grants/d", in: fixture),
            // Edited meanwhile: another content is another grant.
            "grants/c.yaml": try await blob("grants/a.yaml", in: fixture),
            // Nothing outside grants/, whatever it is called.
            "a.txt": try await blob("a.txt", in: fixture),
        ]
        let before = try await fixture.remoteTip()
        let commit = try #require(try await mirror.deleteAndPush(files, message: "Revert grants\n", at: Self.now, attempts: 3))
        #expect(try await fixture.remoteTip() == commit)
        let left = try await git("ls-tree", "-r", "--name-only", "main", in: fixture.remote)
        #expect(left == "a.txt\ngrants/c.yaml")
        #expect(try await mirror.commit(commit).parents == [before])
        let facts = try await mirror.facts(of: commit)
        let text = try String(contentsOfFile: fixture.scratch.file("curfew.pub"), encoding: .utf8)
        let key = try #require(SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(facts.signature == .good(key))
        #expect(Set(facts.changes.map(\.path)) == ["grants/a.yaml", "grants/b.yaml", "grants/d/e.yaml"])
        try await git("fsck", "--full", in: fixture.remote)
        // Again: nothing is left to do.
        #expect(try await mirror.deleteAndPush(files, message: "Again\n", at: Self.now, attempts: 3) == nil)
        #expect(try await fixture.remoteTip() == commit)
    }

    @Test func goesOnTopOfWhatOthersPushed() async throws {
        let fixture = try await Fixture("race")
        try await fixture.commit("Grants", ["grants/a.yaml": "a", "grants/b.yaml": "b"])
        let mirror = try await signed(fixture)
        _ = try await mirror.refresh()
        let files: [RepositoryPath: ObjectID] = ["grants/a.yaml": try await blob("grants/a.yaml", in: fixture)]
        let other = try await fixture.commit("Theirs", ["grants/c.yaml": "c"])
        let commit = try #require(try await mirror.deleteAndPush(files, message: "Revert\n", at: Self.now, attempts: 3))
        #expect(try await mirror.commit(commit).parents == [other])
        let left = try await git("ls-tree", "-r", "--name-only", "main", "grants/", in: fixture.remote)
        #expect(left == "grants/b.yaml\ngrants/c.yaml")
    }

    @Test func referencesComeAndGo() async throws {
        let fixture = try await Fixture("refs")
        let mirror = try await signed(fixture)
        try await mirror.publish(
            ["credentials/one": ["index.json": Array("{}".utf8), "x-cert.pub": [1, 2]], "hosts/far": ["bundle.json": [3]]],
            at: Self.now)
        let names = try await git("for-each-ref", "--format=%(refname)", "refs/curfew", in: fixture.remote)
        #expect(names == "refs/curfew/credentials/one\nrefs/curfew/hosts/far")
        #expect(try await git("cat-file", "blob", "refs/curfew/credentials/one:index.json", in: fixture.remote) == "{}")
        #expect(try await git("rev-list", "--count", "refs/curfew/hosts/far", in: fixture.remote) == "1")
        // What is gone already is no error.
        try await mirror.publish(
            ["credentials/one": nil, "credentials/two": nil, "hosts/far": ["bundle.json": [4]]], at: Self.now)
        let left = try await git("for-each-ref", "--format=%(refname)", "refs/curfew", in: fixture.remote)
        #expect(left == "refs/curfew/hosts/far")
        for name in ["../heads/main", "a/../b", "-x", "A", ""] {
            #expect(await gitError { try await mirror.publish([name: ["x": [1]]], at: Self.now) }?.code == .invalid)
        }
        for file in ["a/b", "", ".git", "x\0y"] {
            #expect(await gitError { try await mirror.publish(["x": [file: [1]]], at: Self.now) }?.code == .invalid)
        }
        #expect(try await git("for-each-ref", "--format=%(refname)", "refs/curfew", in: fixture.remote) == left)
    }

    @Test func aHostTakesOnlyWhatTheKeySigned() async throws {
        let fixture = try await Fixture("signed")
        let mirror = try await signed(fixture)
        try await mirror.publish(["hosts/far": ["bundle.json": Array("content".utf8)]], at: Self.now)
        let local = try LocalRepository(path: fixture.remote)
        let commit = try local.resolve("refs/curfew/hosts/far")
        func key(_ name: String) throws -> SSHPublicKey {
            let text = try String(contentsOfFile: fixture.scratch.file("\(name).pub"), encoding: .utf8)
            return try #require(SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
        try await SSHHost.makeKey(fixture.scratch.file("other"))
        #expect(
            try local.file("bundle.json", of: commit, signedBy: key("curfew"), limit: 100) == Array("content".utf8))
        let other = try key("other")
        let own = try key("curfew")
        #expect(throws: GitError.self) { try local.file("bundle.json", of: commit, signedBy: other, limit: 100) }
        #expect(throws: GitError.self) { try local.file("bundle.json", of: commit, signedBy: own, limit: 3) }
        #expect(throws: GitError.self) { try local.file("nothing", of: commit, signedBy: own, limit: 100) }
        let unsigned = try await fixture.remoteTip()
        #expect(throws: GitError.self) { try local.file("a.txt", of: unsigned, signedBy: own, limit: 100) }
    }
}
