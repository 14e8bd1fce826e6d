import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
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

    private static let root = ObjectID(String(repeating: "1", count: 40)) ?? .random()
    private static let hosts = PublicationStatement.Purpose.hosts(backend: Name(literal: "far"))

    private func publication(
        _ files: [String: [UInt8]], _ purpose: PublicationStatement.Purpose = hosts, end: Instant = now + .seconds(60)
    ) -> Publication { Publication(purpose: purpose, end: end, files: files) }

    private func publish(_ mirror: Mirror, _ references: [String: Publication?], sequence: Int64 = 7) async throws {
        try await mirror.publish(references, root: Self.root, sequence: sequence, at: Self.now)
    }

    private func key(_ name: String, _ fixture: Fixture) throws -> SSHPublicKey {
        let text = try String(contentsOfFile: fixture.scratch.file("\(name).pub"), encoding: .utf8)
        return try #require(SSHPublicKey(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test func referencesComeAndGo() async throws {
        let fixture = try await Fixture("refs")
        let mirror = try await signed(fixture)
        let grant = PublicationStatement.Purpose.credentials(
            grant: Name(literal: "one"), blob: .random(), person: Name(literal: "alice"))
        try await publish(
            mirror, ["credentials/one": publication(["x-1-cert.pub": [1, 2]], grant), "hosts/far": publication(["krl": [3]])])
        let names = try await git("for-each-ref", "--format=%(refname)", "refs/curfew", in: fixture.remote)
        #expect(names == "refs/curfew/credentials/one\nrefs/curfew/hosts/far")
        #expect(try await git("rev-list", "--count", "refs/curfew/hosts/far", in: fixture.remote) == "1")
        // What is gone already is no error.
        try await publish(
            mirror, ["credentials/one": nil, "credentials/two": nil, "hosts/far": publication(["krl": [4]])])
        let left = try await git("for-each-ref", "--format=%(refname)", "refs/curfew", in: fixture.remote)
        #expect(left == "refs/curfew/hosts/far")
        for name in ["../heads/main", "a/../b", "-x", "A", ""] {
            #expect(await gitError { try await publish(mirror, [name: publication(["x": [1]])]) }?.code == .invalid)
        }
        for file in ["a/b", "", ".git", "x\0y", "publication", "publication.sig", "-x", "a b"] {
            #expect(await gitError { try await publish(mirror, ["x": publication([file: [1]])]) }?.code == .invalid)
        }
        #expect(try await git("for-each-ref", "--format=%(refname)", "refs/curfew", in: fixture.remote) == left)
    }

    @Test func aReaderChecksEveryFieldOfAPublication() async throws {
        let fixture = try await Fixture("signed")
        let mirror = try await signed(fixture)
        try await publish(mirror, ["hosts/far": publication(["krl": Array("content".utf8), "hosts.json": [1]])])
        let local = try LocalRepository(path: fixture.remote)
        let found = try local.publication(at: try local.resolve("refs/curfew/hosts/far"), limit: 100)
        #expect(found.files == ["krl": Array("content".utf8), "hosts.json": [1]])
        #expect(found.statement.sequence == 7)
        try await SSHHost.makeKey(fixture.scratch.file("other"))
        let (own, other) = (try key("curfew", fixture), try key("other", fixture))
        try found.check(key: own, root: Self.root, purpose: Self.hosts, now: Self.now)
        let near = PublicationStatement.Purpose.hosts(backend: Name(literal: "near"))
        let grant = PublicationStatement.Purpose.credentials(
            grant: Name(literal: "far"), blob: .random(), person: Name(literal: "alice"))
        #expect(throws: GitError.self) { try found.check(key: other, root: Self.root, purpose: Self.hosts, now: Self.now) }
        #expect(throws: GitError.self) { try found.check(key: own, root: .random(), purpose: Self.hosts, now: Self.now) }
        for purpose in [near, grant] {
            #expect(throws: GitError.self) { try found.check(key: own, root: Self.root, purpose: purpose, now: Self.now) }
        }
        for moment in [Self.now + .seconds(60), Self.now + .seconds(-40 * 86_400)] {
            #expect(throws: GitError.self) { try found.check(key: own, root: Self.root, purpose: Self.hosts, now: moment) }
        }
        #expect(throws: GitError.self) { try local.publication(at: try local.resolve("refs/curfew/hosts/far"), limit: 3) }
    }

    /// Trees that Curfew signed as commits, that somebody changed, or to which something was added, are no publications.
    @Test func whatIsNotWholeOrNotSignedAsOneIsNone() async throws {
        let fixture = try await Fixture("forged")
        let mirror = try await signed(fixture)
        try await publish(mirror, ["hosts/far": publication(["krl": Array("content".utf8)])])
        let local = try LocalRepository(path: fixture.remote)
        let tree = try await git("rev-parse", "refs/curfew/hosts/far^{tree}", in: fixture.remote)
        let entries = try await git("ls-tree", tree, in: fixture.remote).split(separator: "\n").map(String.init)
        func blob(_ text: String) async throws -> String {
            let file = try fixture.scratch.write("blob-\(UInt32.random(in: .min ... .max))", text)
            return try await git("hash-object", "-w", file, in: fixture.remote)
        }
        func refused(_ lines: [String]) async throws -> Bool {
            let file = try fixture.scratch.write("lines-\(UInt32.random(in: .min ... .max))", lines.map { $0 + "\n" }.joined())
            let made = try await execute("/bin/sh", ["-c", "git mktree < \(file)"], in: fixture.remote)
            let forged = made.output.trimmingCharacters(in: .newlines)
            let commit = try await git("commit-tree", "-m", "x", forged, in: fixture.remote)
            return await gitError { _ = try local.publication(at: try #require(ObjectID(commit)), limit: 1000) } != nil
        }
        #expect(try await !refused(entries))
        let other = try await blob("other")
        let id = try #require(entries.first { $0.hasSuffix("\tkrl") }?.split(separator: " ").last?.prefix(40)).description
        #expect(try await refused(entries + ["100644 blob \(other)\textra"]))
        #expect(try await refused(entries.map { $0.replacing(id, with: other) }))
        for name in ["krl", "publication", "publication.sig"] {
            #expect(try await refused(entries.filter { !$0.hasSuffix("\t\(name)") }))
            #expect(try await refused(entries.map { $0.hasSuffix("\t\(name)") ? $0.replacing("100644", with: "120000") : $0 }))
        }
        // Its key's signature for something else, of the very statement.
        let statement = try await git("cat-file", "blob", "\(tree):publication", in: fixture.remote) + "\n"
        let file = try fixture.scratch.write("statement", statement)
        for namespace in ["git", "file", "curfew-exec"] {
            unlink(file + ".sig")
            _ = try await execute(
                "ssh-keygen", ["-q", "-Y", "sign", "-n", namespace, "-f", fixture.scratch.file("curfew"), file])
            let signature = try await blob(try String(contentsOfFile: file + ".sig", encoding: .utf8))
            let kept = entries.filter { !$0.hasSuffix("\tpublication.sig") }
            #expect(try await refused(kept + ["100644 blob \(signature)\tpublication.sig"]))
        }
        // A commit of Curfew's own, signed as such.
        try await fixture.commit("Grants", ["grants/a.yaml": "a", "krl": "k", "hosts.json": "{}"])
        let ended: [RepositoryPath: ObjectID] = ["grants/a.yaml": try await self.blob("grants/a.yaml", in: fixture)]
        let commit = try #require(try await mirror.deleteAndPush(ended, message: "Revert\n", at: Self.now, attempts: 3))
        #expect(throws: GitError.self) { try local.publication(at: commit, limit: 1000) }
        // And no publication is a commit of Curfew's.
        let published = try local.resolve("refs/curfew/hosts/far")
        #expect(try await mirror.facts(of: published).signature == .none)
    }

    /// One byte more, less or otherwise in what is signed, and it is read as nothing.
    @Test func onlyExactlyOneFormIsAStatement() throws {
        let publication = publication(["krl": [1], "hosts.json": [2, 3]])
        let bytes = Array(PublicationStatement(publication, root: Self.root, sequence: 7).text.utf8)
        let statement = try #require(PublicationStatement(bytes))
        #expect(Array(statement.text.utf8) == bytes)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var changed = bytes
            let index = Int.random(in: 0..<changed.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: changed[index] = UInt8.random(in: 0...255, using: &random)
            case 1: changed.remove(at: index)
            default: changed.insert(UInt8.random(in: 0...255, using: &random), at: index)
            }
            guard changed != bytes, let read = PublicationStatement(changed) else { continue }
            // What is still a statement says something else, and says it in its one form.
            #expect(read != statement && Array(read.text.utf8) == changed)
        }
        #expect(PublicationStatement(bytes + [10]) == nil)
        #expect(PublicationStatement(Array("curfew-publication-v1\n".utf8)) == nil)
    }
}
