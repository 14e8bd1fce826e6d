import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// What is said of commits that were signed with real keys, and of forged ones.
@Suite(.timeLimit(.minutes(2))) struct SignatureTests {
    private struct World {
        let fixture: Fixture
        let keys: SigningKeys
        let mirror: Mirror

        init(_ label: String) async throws {
            fixture = try await Fixture(label)
            keys = try await SigningKeys(fixture.scratch, "alice", "bob")
            mirror = try await fixture.mirror()
        }

        /// A commit signed by alice on the remote's branch; its bytes as text.
        func signed(_ message: String = "Signed") async throws -> String {
            try fixture.scratch.write("work/file", message)
            try await git("add", "-A", in: fixture.work)
            try await keys.git(as: "alice", "commit", "-qm", message, in: fixture.work)
            return try await git("cat-file", "commit", "HEAD", in: fixture.work) + "\n"
        }

        /// The facts of a commit with these bytes, fetched as the branch's tip.
        func facts(_ bytes: String) async throws -> CommitFacts {
            let id = try await fixture.object("commit", Data(bytes.utf8))
            try await git("push", "-qf", "origin", "\(id):refs/heads/main", in: fixture.work)
            return try await mirror.facts(of: try await mirror.refresh().tip)
        }

        /// The bytes without their signature, and with one.
        func unsigned(_ bytes: String) -> String {
            var isInside = false
            let lines = bytes.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
                isInside = line.hasPrefix("gpgsig ") || (isInside && line.hasPrefix(" "))
                return !isInside
            }
            return lines.joined(separator: "\n")
        }
        func header(_ signature: String) -> String {
            "gpgsig " + signature.trimmingCharacters(in: .newlines).replacing("\n", with: "\n ") + "\n"
        }
        func adding(_ header: String, to bytes: String) -> String {
            bytes.replacing("\n\n", with: "\n\(header)\n", maxReplacements: 1)
        }
    }

    private func reason(_ facts: CommitFacts) -> String {
        if case .bad(let reason) = facts.signature { reason } else { "" }
    }

    @Test func aSignedCommitTellsItsKeyAndWhatItChanged() async throws {
        let world = try await World("facts")
        let facts = try await world.facts(try await world.signed())
        #expect(facts.signature == .good(try world.keys.key("alice")))
        #expect(facts.author.email == "alice@example.org" && facts.committer.name == "alice")
        #expect(facts.changes.map(\.path) == ["file"] && facts.changes[0].old == nil)
        let plain = try await world.fixture.commit("Unsigned", ["file": "x"])
        _ = try await world.mirror.refresh()
        #expect(try await world.mirror.facts(of: plain).signature == .none)
    }

    /// The key that signed is told, whoever the commit claims to be by.
    @Test func aBorrowedNameKeepsTheSignersKey() async throws {
        let world = try await World("borrowed")
        _ = try await world.signed()
        try await world.keys.git(
            as: "bob", "-c", "user.name=alice", "-c", "user.email=alice@example.org", "commit", "-q", "--amend", "--no-edit",
            in: world.fixture.work)
        let facts = try await world.facts(try await git("cat-file", "commit", "HEAD", in: world.fixture.work) + "\n")
        #expect(facts.signature == .good(try world.keys.key("bob")))
        #expect(facts.committer.email == "alice@example.org")
    }

    @Test func bytesChangedAfterwardsAreRefused() async throws {
        let world = try await World("tampered")
        let bytes = try await world.signed()
        let tree = try await git("rev-parse", "HEAD~1^{tree}", in: world.fixture.work)
        let own = try await git("rev-parse", "HEAD^{tree}", in: world.fixture.work)
        for forged in [
            bytes.replacing("\nSigned\n", with: "\nOther\n"), bytes.replacing(own, with: tree),
            bytes.replacing("author alice", with: "author mallory"), world.adding("encoding UTF-8\n", to: bytes), bytes + "\n",
        ] {
            #expect(forged != bytes)
            #expect(reason(try await world.facts(forged)) == "the signature is not of these bytes", "\(forged)")
        }
    }

    @Test func aSignatureOfAnotherCommitIsRefused() async throws {
        let world = try await World("pasted")
        let first = try await world.signed("One")
        let second = try await world.signed("Two")
        let start = try #require(first.firstRange(of: "gpgsig "))
        let end = try #require(first.firstRange(of: "-----END SSH SIGNATURE-----\n"))
        let pasted = world.adding(String(first[start.lowerBound..<end.upperBound]), to: world.unsigned(second))
        #expect(reason(try await world.facts(pasted)) == "the signature is not of these bytes")
    }

    @Test func twoSignaturesAreRefusedEvenWhenBothAreGood() async throws {
        let world = try await World("two")
        let payload = world.unsigned(try await world.signed())
        let header = world.header(try await world.keys.sign(payload, as: "alice"))
        #expect(try await world.facts(world.adding(header, to: payload)).signature == .good(try world.keys.key("alice")))
        let twice = world.adding(header + "gpgsig-sha256 x\n", to: payload)
        #expect(reason(try await world.facts(world.adding(header + header, to: payload))).contains("2 signatures"))
        #expect(reason(try await world.facts(twice)).contains("2 signatures"))
    }

    @Test func signaturesForAnotherPurposeOrOfAnotherKindAreRefused() async throws {
        let world = try await World("kinds")
        let payload = world.unsigned(try await world.signed())
        let file = try await world.keys.sign(payload, as: "alice", for: "file")
        let good = try await world.keys.sign(payload, as: "alice")
        for (signature, why) in [
            (file, "signed for 'file' and not for git"),
            ("-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----", "an OpenPGP signature"),
            ("-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----", "an X.509 signature"),
            ("-----BEGIN WAX SEAL-----\nx\n-----END WAX SEAL-----", "an unknown signature"), ("x", "an unknown signature"),
            ("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----", "cannot be read"),
            (good + good, "cannot be read"),
        ] {
            let facts = try await world.facts(world.adding(world.header(signature), to: payload))
            #expect(reason(facts).contains(why), "\(signature): \(facts.signature)")
        }
    }

    @Test func aNULInTheHeaderIsRefused() async throws {
        let world = try await World("nul")
        let payload = world.unsigned(try await world.signed()).replacing("author alice", with: "author ali\0ce")
        let header = world.header(try await world.keys.sign(payload, as: "alice"))
        let id = try await world.fixture.object("commit", Data(world.adding(header, to: payload).utf8))
        // Not every git pushes it: put into the remote by hand.
        try await git("config", "receive.fsckObjects", "false", in: world.fixture.remote)
        try await git("push", "-qf", "origin", "\(id):refs/heads/main", in: world.fixture.work)
        let tip = try await world.mirror.refresh().tip
        #expect(reason(try await world.mirror.facts(of: tip)).contains("NUL"))
    }
}
