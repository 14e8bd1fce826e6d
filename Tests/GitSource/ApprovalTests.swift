import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// The tags `approvals/…`, made with real keys, moved and forged.
@Suite(.timeLimit(.minutes(2))) struct ApprovalTests {
    private struct World {
        let fixture: Fixture
        let keys: SigningKeys
        let mirror: Mirror

        init(_ label: String) async throws {
            fixture = try await Fixture(label)
            keys = try await SigningKeys(fixture.scratch, "alice", "bob")
            try await fixture.commit("Request", ["grants/zz.yaml": "wish"])
            mirror = try await fixture.mirror()
        }

        func approve(_ name: String, as person: String, _ message: String = "Approve\n\nCurfew-Approve: 1") async throws {
            try await keys.git(as: person, "tag", "--sign", "-f", "-m", message, name, in: fixture.work)
            try await push("refs/tags/\(name)", to: name)
        }
        func push(_ what: String, to name: String) async throws {
            try await git("push", "-qf", "origin", "\(what):refs/tags/\(name)", in: fixture.work)
        }
        func approvals() async throws -> [String: ApprovalTag] {
            _ = try await mirror.refresh(waitingForApprovals: .seconds(30))
            let tags = try await mirror.approvals()
            return Dictionary(uniqueKeysWithValues: tags.map { ($0.reference, $0) })
        }
    }

    @Test func aSignedTagIsRead() async throws {
        let world = try await World("tag")
        try await world.approve("approvals/zz/bob", as: "bob")
        let tag = try #require(try await world.approvals()["approvals/zz/bob"])
        #expect(tag.name == tag.reference && tag.tagger.email == "bob@example.org")
        #expect(tag.signature == .good(try world.keys.key("bob")))
        #expect(tag.message == "Approve\n\nCurfew-Approve: 1\n")
        // A person's own clone has them elsewhere.
        let own = Mirror(path: world.fixture.work + "/.git", location: RepositoryLocation(url: world.fixture.work), worker: [])
        try await own.open(cleaning: false)
        #expect(try await own.approvals(under: "refs/tags/approvals/") == [tag])
        // It goes.
        try await git("push", "-q", "origin", ":refs/tags/approvals/zz/bob", in: world.fixture.work)
        #expect(try await world.approvals().isEmpty)
    }

    @Test func lightweightAndOtherNamesAreNoApprovals() async throws {
        let world = try await World("light")
        for name in ["approvals/zz/bob", "approvals/zz", "approvals/zz/bob/more", "approvals/ZZ/bob", "other/zz/bob"] {
            try await git("update-ref", "refs/tags/\(name)", "HEAD", in: world.fixture.work)
            try await world.push("HEAD", to: name)
            #expect(try await world.approvals().isEmpty)
            try await git("push", "-q", "origin", ":refs/tags/\(name)", in: world.fixture.work)
            try await git("update-ref", "-d", "refs/tags/\(name)", in: world.fixture.work)
        }
    }

    @Test func aTagMovedToAnotherNameStillTellsItsOwn() async throws {
        let world = try await World("moved")
        try await world.approve("approvals/other/bob", as: "bob")
        try await world.push("refs/tags/approvals/other/bob", to: "approvals/zz/bob")
        let tag = try #require(try await world.approvals()["approvals/zz/bob"])
        #expect(tag.name == "approvals/other/bob" && tag.reference == "approvals/zz/bob")
        // Moved on to a commit, it is none any more.
        try await world.push("HEAD", to: "approvals/zz/bob")
        #expect(try await world.approvals().keys.sorted() == ["approvals/other/bob"])
    }

    @Test func theSignerIsToldWhateverTheNameSays() async throws {
        let world = try await World("name")
        try await world.approve("approvals/zz/alice", as: "bob")
        let tag = try #require(try await world.approvals()["approvals/zz/alice"])
        #expect(tag.signature == .good(try world.keys.key("bob")))
        #expect(tag.tagger.email == "bob@example.org")
    }

    @Test func forgedTagsAreRefused() async throws {
        let world = try await World("forged")
        try await world.approve("approvals/zz/bob", as: "bob")
        let bytes = try await git("cat-file", "tag", "approvals/zz/bob", in: world.fixture.work) + "\n"
        let start = try #require(bytes.firstRange(of: "-----BEGIN SSH SIGNATURE-----"))
        let payload = String(bytes[..<start.lowerBound])
        let file = try await world.keys.sign(payload, as: "bob", for: "file")
        let first = try await git("rev-parse", "HEAD~1", in: world.fixture.work)
        let head = try await git("rev-parse", "HEAD", in: world.fixture.work)
        for (forged, why) in [
            (bytes.replacing("Curfew-Approve: 1", with: "Curfew-Approve: 2"), "not of these bytes"),
            (bytes.replacing(head, with: first), "not of these bytes"),
            (bytes.replacing("tagger bob", with: "tagger eve"), "not of these bytes"),
            (payload + file, "signed for 'file'"),
            (payload + "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n", "an OpenPGP signature"),
            (payload + "-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----\n", "an X.509 signature"),
            (payload + "-----BEGIN WAX SEAL-----\nx\n", "an unknown signature"), (bytes + "more\n", "cannot be read"),
        ] {
            #expect(forged != bytes)
            let id = try await world.fixture.object("tag", Data(forged.utf8))
            try await world.push(id, to: "approvals/zz/bob")
            let tag = try #require(try await world.approvals()["approvals/zz/bob"])
            guard case .bad(let reason) = tag.signature else {
                Issue.record("\(tag.signature) of \(forged)")
                continue
            }
            #expect(reason.contains(why), "\(forged)")
        }
        try await world.push(try await world.fixture.object("tag", Data(payload.utf8)), to: "approvals/zz/bob")
        #expect(try await world.approvals()["approvals/zz/bob"]?.signature == SignatureCheck.none)
    }

    /// Whoever may push tags may push any number; those about what is on the branch are found all the same.
    @Test func junkDoesNotHideApprovals() async throws {
        let world = try await World("junk")
        try await world.approve("approvals/zz/bob", as: "bob")
        let head = try await world.fixture.head()
        try await world.approve("approvals/\(head.hex.prefix(12))/alice", as: "alice")
        let tag = try await git("rev-parse", "approvals/zz/bob", in: world.fixture.work)
        // As git packs them: ten thousand files would take long to make.
        let junk = (0..<10_100).map { "a\($0)/bob" } + (0..<300).map { "zz/x\($0)" }
        let packed = (["zz/bob", "\(head.hex.prefix(12))/alice"] + junk).map { "refs/tags/approvals/\($0)" }
        var targets = [packed[1]: try await git("rev-parse", packed[1], in: world.fixture.work)]
        targets["refs/heads/main"] = head.hex
        let lines = (packed + ["refs/heads/main"]).sorted().map { "\(targets[$0] ?? tag) \($0)\n" }
        try world.fixture.scratch.write("remote.git/packed-refs", "# pack-refs with: sorted \n" + lines.joined())
        let real: Set = ["approvals/zz/bob", "approvals/\(head.hex.prefix(12))/alice"]
        let found = try await world.approvals()
        #expect(Set(found.keys).isSuperset(of: real))
        #expect(found.count == 101)
        #expect(found.keys.allSatisfy { $0.hasPrefix("approvals/zz/") || real.contains($0) })
        // Approvals of a grant that comes now are found by the same look.
        try await world.fixture.commit("Another", ["grants/zzz.yaml": "wish"])
        try await world.approve("approvals/zzz/alice", as: "alice")
        let again = try await world.approvals()
        #expect(again["approvals/zzz/alice"]?.signature == .good(try world.keys.key("alice")))
        #expect(again.count == 102)
    }
}
