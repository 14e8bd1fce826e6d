import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Commits that hold the branch where it was: nothing of them is taken, and the status tells which one and why.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct TrustAttackSerial {
    /// Pushes what `attack` put on its branch, waits until it is held with `reason`, and takes it off again.
    private func isHeld(
        _ reason: String, in world: AccessWorld, _ location: SourceLocation = #_sourceLocation,
        _ attack: () async throws -> String
    ) async throws {
        let good = try await git("rev-parse", "main", in: world.world.remote)
        let bad = try await attack()
        try await git("update-ref", "refs/heads/main", bad, in: world.world.remote)
        let isHeld = await eventually(within: .seconds(15)) {
            world.world.status?.source.held?.contains(String(bad.prefix(8))) ?? false
        }
        let told = world.world.status?.source.held ?? "-"
        #expect(isHeld && told.contains(reason), "\(told)", sourceLocation: location)
        #expect(world.world.status?.revision?.hex == good, sourceLocation: location)
        #expect(try world.isWithoutAccess(), sourceLocation: location)
        try await git("update-ref", "refs/heads/main", good, in: world.world.remote)
        let isFree = await eventually(within: .seconds(15)) { world.world.status?.source.held == nil }
        #expect(isFree, sourceLocation: location)
    }

    @Test(.timeLimit(.minutes(3))) func whatACommitMayNotBring() async throws {
        try await AccessWorld.with("bring", touches: true) { world, _ in
            let access = try String(contentsOfFile: world.world.work + "/policies/access.yaml", encoding: .utf8)
            let people = try String(contentsOfFile: world.world.work + "/policies/people.yaml", encoding: .utf8)
            let key = world.world.publicKey("mallory")
            let more = """
                ---
                apiVersion: curfew/v1
                kind: Person
                metadata: { name: mallory }
                spec: { emails: [mallory@example.org], signingKeys: ["\(key)"] }

                """
            // A policy and a grant together, by the owner himself.
            try await isHeld("alone", in: world) {
                try await world.propose(
                    "dave", ["policies/access.yaml": access.replacing("1h", with: "2h"), "grants/a.yaml": world.grant("a")],
                    branch: "x")
            }
            // A grant beside a change of a manifest.
            try await isHeld("alone", in: world) {
                try await world.propose(
                    "alice", ["manifests/web/web-site/index.html": "two", "grants/a.yaml": world.grant("a")], branch: "x")
            }
            // Policies by somebody who owns nothing.
            try await isHeld("policies/", in: world) {
                try await world.propose("alice", ["policies/access.yaml": access.replacing("1h", with: "2h")], branch: "x")
            }
            // A key that comes with the commit that it signs.
            try await isHeld("nobody's", in: world) {
                try await world.propose("mallory", ["policies/people.yaml": people + more], branch: "x")
            }
            // Nobody's signature, and an unknown one.
            try await isHeld("sign", in: world) {
                try await world.propose("alice", ["README": "two"], branch: "x", "-c", "commit.gpgsign=false")
            }
            try await isHeld("nobody's", in: world) { try await world.propose("mallory", ["README": "two"], branch: "x") }
            // bob's name, alice's key.
            try await isHeld("alice", in: world) {
                try await world.propose(
                    "alice", ["README": "two"], branch: "x", "-c", "user.name=bob", "-c", "user.email=bob@example.org")
            }
            // Curfew's own key on a grant, and on anything else.
            for file in ["grants/a.yaml": world.grant("a"), "README": "two"] {
                try await isHeld("Curfew's own key", in: world) {
                    try await world.propose(
                        "alice", [file.key: file.value], branch: "x", "-c", "user.name=Curfew", "-c",
                        "user.email=curfew@example.org", "-c", "user.signingkey=\(world.world.key("curfew"))")
                }
            }
            // After all that the branch goes on.
            let next = try await world.propose("alice", ["README": "three"], branch: "y")
            try await git("update-ref", "refs/heads/main", next, in: world.world.remote)
            #expect(await world.verified(at: next))
        }
    }

    @Test(.timeLimit(.minutes(3))) func whatIsWrongWithASignature() async throws {
        try await AccessWorld.with("signature") { world, _ in
            let good = try await world.propose("alice", ["README": "two"], branch: "x")
            let text = try await git("cat-file", "commit", good, in: world.world.remote)
            let start = try #require(text.firstRange(of: "gpgsig "))
            let end = try #require(text.firstRange(of: "-----END SSH SIGNATURE-----\n"))
            let signature = String(text[start.lowerBound..<end.upperBound])
            func object(_ text: String) async throws -> String {
                let file = try world.world.scratch.write("object", text + "\n")
                return try await git("hash-object", "-t", "commit", "-w", "--literally", file, in: world.world.remote)
            }
            // Two of them; of another kind; not of these bytes.
            try await isHeld("2 signatures", in: world) {
                try await object(text.replacing(signature, with: signature + signature))
            }
            let pgp = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEzBAABCAAdFiEE\n -----END PGP SIGNATURE-----\n"
            try await isHeld("no SSH signature", in: world) { try await object(text.replacing(signature, with: pgp)) }
            try await isHeld("not of these bytes", in: world) {
                try await object(text.replacing("Propose x", with: "Propose y"))
            }
            let other = "gpgsig-sha256 x\n" + signature
            try await isHeld("2 signatures", in: world) { try await object(text.replacing(signature, with: other)) }
            // Signed for another purpose than git's.
            let bare = try world.world.scratch.write("bare", text.replacing(signature, with: "") + "\n")
            _ = try await execute("ssh-keygen", ["-q", "-Y", "sign", "-n", "file", "-f", world.world.key("alice"), bare])
            let foreign = try String(contentsOfFile: bare + ".sig", encoding: .utf8)
                .trimmingCharacters(in: .newlines).replacing("\n", with: "\n ")
            try await isHeld("signed for 'file'", in: world) {
                try await object(text.replacing(signature, with: "gpgsig \(foreign)\n"))
            }
            try await git("update-ref", "refs/heads/main", good, in: world.world.remote)
            #expect(await world.verified(at: good))
        }
    }

    @Test(.timeLimit(.minutes(3))) func whatIsWrongWithATime() async throws {
        try await AccessWorld.with("time") { world, _ in
            // alice's key is not valid any more: a commit that claims an earlier time does not help.
            let people = try String(contentsOfFile: world.world.work + "/policies/people.yaml", encoding: .utf8)
            let key = world.world.publicKey("alice")
            let old = people.replacing(
                "signingKeys: [\"\(key)\"]", with: "signingKeys: [{ key: \"\(key)\", notAfter: 2026-01-01T00:00:00Z }]")
            #expect(old != people)
            let change = try await world.propose("dave", ["policies/people.yaml": old], branch: "expire")
            try await git("update-ref", "refs/heads/main", change, in: world.world.remote)
            #expect(await world.verified(at: change))
            try await isHeld("alice", in: world) {
                let commit = try await world.propose("alice", ["README": "two"], branch: "x", "-c", "commit.gpgsign=false")
                _ = commit
                let past = ["GIT_COMMITTER_DATE": "2025-12-01T00:00:00Z", "GIT_AUTHOR_DATE": "2025-12-01T00:00:00Z"]
                _ = try await execute(
                    "git", ["commit", "-q", "--amend", "-S", "--no-edit"], in: world.world.clone("alice"), environment: past)
                try await world.git("alice", "push", "-q", "--force", "origin", "HEAD:x")
                return try await world.git("alice", "rev-parse", "HEAD")
            }
            // A commit from the future is not taken before its time.
            try await isHeld("future", in: world) {
                _ = try await world.propose("bob", ["README": "two"], branch: "x")
                let future = ["GIT_COMMITTER_DATE": "2036-12-01T00:00:00Z"]
                _ = try await execute(
                    "git", ["commit", "-q", "--amend", "-S", "--no-edit"], in: world.world.clone("bob"), environment: future)
                try await world.git("bob", "push", "-q", "--force", "origin", "HEAD:x")
                return try await world.git("bob", "rev-parse", "HEAD")
            }
        }
    }

    /// History rewritten to bring an ended grant back: held, and the grant stays ended.
    @Test(.timeLimit(.minutes(3))) func aRewrittenHistoryBringsNothingBack() async throws {
        try await AccessWorld.with("rewrite") { world, _ in
            let merge = try await world.getAccess(for: "2s")
            _ = try await world.reverted()
            let tip = try await git("rev-parse", "main", in: world.world.remote)
            #expect(await world.verified(at: tip))
            try await git("update-ref", "refs/heads/main", merge, in: world.world.remote)
            #expect(await eventually(within: .seconds(15)) { world.world.status?.source.held != nil })
            #expect(try world.isWithoutAccess())
            #expect(world.world.status?.revision?.hex == tip)
        }
    }

    /// Files that are no grants give nothing, whatever they say.
    @Test(.timeLimit(.minutes(3))) func aGrantInAnotherPlaceIsNone() async throws {
        try await AccessWorld.with("place") { world, _ in
            try await world.propose(
                "alice",
                [
                    "grants-archive/a.yaml": world.grant("a"), "manifests/grants/b.yaml": "",
                    "docs/grants/c.yaml": world.grant("c"),
                    "Grants/d.yaml": world.grant("d"),
                ], branch: "x")
            let merge = try await world.merge("bob", "x")
            #expect(await eventually { world.world.status?.revision?.hex == merge || world.world.status?.source.held != nil })
            #expect(world.world.status?.grants.isEmpty == true)
            #expect(try world.isWithoutAccess())
        }
    }
}
