import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A seal counts once, for one branch, by what was signed and not by the id of a commit.
@Suite(.timeLimit(.minutes(3))) struct SealAttackSerial {
    /// The same commit with its signature wrapped in another way.
    private func rewrapped(_ commit: String, in trust: TrustWorld) async throws -> String {
        let text = try await execute("git", ["cat-file", "commit", commit], in: trust.world.work).output
        let begin = try #require(text.firstRange(of: "gpgsig ")?.lowerBound)
        let mark = "-----END SSH SIGNATURE-----\n"
        let end = try #require(text.firstRange(of: mark)?.upperBound)
        let lines = text[begin..<end].split(separator: "\n").map { $0.drop { $0 == " " } }
        var rest = Substring(lines.dropFirst().dropLast().joined())
        var wrapped = ["gpgsig -----BEGIN SSH SIGNATURE-----"]
        while !rest.isEmpty {
            wrapped.append(" " + rest.prefix(64))
            rest = rest.dropFirst(64)
        }
        let other = String(text[..<begin]) + (wrapped + [" " + mark]).joined(separator: "\n") + text[end...]
        let file = try trust.world.scratch.write("rewrapped", other)
        return try await git("hash-object", "-t", "commit", "-w", "--literally", file, in: trust.world.work)
    }

    @Test func anUsedSealAcceptsNothingMore() async throws {
        try await TrustWorld.with("sealreplay") { trust, daemon in
            let bad = try await trust.commit(nil, "Unsigned\n", on: trust.root, ["README": "x"])
            try await trust.push(bad)
            await trust.holds(bad, "--trailer 'Curfew-Root: \(trust.root)'", at: trust.root)
            let seal = try await trust.commit("dave", trust.proposedSeal(), on: bad)
            try await trust.push(seal)
            #expect(await trust.takes(seal), "\(daemon.log)")
            let gone = try await trust.commit(
                "dave", "Bob has left\n", on: seal,
                [
                    "policies/bob.yaml": nil,
                    "policies/production.yaml": TrustWorld.policy.replacing("bob, ", with: ""),
                ])
            try await trust.push(gone)
            #expect(await trust.takes(gone), "\(daemon.log)")
            // The very seal again, and the same in another spelling, bare and with more on top.
            let spelled = try await rewrapped(seal, in: trust)
            #expect(spelled != seal)
            for tip in [seal, spelled, try await trust.commit("bob", "Deploy\n", on: spelled, ["manifests/web/x": "x"])] {
                try await trust.push(tip)
                await trust.holds(tip, "rewritten", at: gone)
            }
            // Somebody else's seal of that history, and one for another moment.
            let proposed = trust.proposedSeal()
            for (who, text) in [
                ("alice", proposed), ("bob", proposed), ("dave", proposed.replacing(gone, with: bad)),
                ("dave", "Seal\n\nCurfew-Seal: \(try await trust.tip())\n"),
            ] {
                let tip = try await trust.tip()
                let next = try await trust.commit(who, text, on: tip)
                try await trust.push(next)
                await trust.holds(next, "rewritten", at: gone)
                try await trust.push(tip)
                await trust.holds(tip, "rewritten", at: gone)
            }
            // The owner's own, for this one: taken.
            let tip = try await trust.tip()
            let accepting = try await trust.commit("dave", trust.proposedSeal(), on: tip)
            try await trust.push(accepting)
            #expect(await trust.takes(accepting), "\(daemon.log)")
            // Who has forgotten everything can still follow the branch.
            try await trust.forget(daemon)
            #expect(await trust.takes(accepting), "\(daemon.log)")
        }
    }

    /// Two repositories of the same persons: what an owner has sealed in one is nothing in the other.
    @Test func anotherRepositorysHistoryIsNotTaken() async throws {
        try await TrustWorld.with("crossrepo") { trust, daemon in
            let other = try await TrustWorld("crossother", keys: trust.keys)
            let bad = try await other.commit(nil, "Unsigned\n", on: other.root, ["README": "x"])
            let seals = [
                "Seal\n\nCurfew-Seal: \(bad)\n",
                "Seal\n\nCurfew-Seal: \(bad)\nCurfew-Root: \(other.root)\nCurfew-Accepted: \(other.root)\n",
                "Seal\n\nCurfew-Seal: \(bad)\nCurfew-Root: \(trust.root)\nCurfew-Accepted: \(trust.root)\n",
            ]
            for text in seals {
                let seal = try await other.commit("dave", text, on: bad)
                let lax = try await other.commit("dave", "Anything goes\n", on: seal, ["policies/production.yaml": nil])
                try await git("fetch", "-q", other.world.work, lax, in: trust.world.work)
                try await trust.push(lax)
                await trust.holds(lax, "no seal accepts another history", at: trust.root)
                // With this repository's own beginning merged into it.
                let merge = try await git(
                    "commit-tree", "-p", lax, "-p", trust.root, "-m", "Merge", "\(lax)^{tree}", in: trust.world.work)
                try await trust.push(merge)
                await trust.holds(merge, "rewritten", at: trust.root)
                let above = try await trust.commit(
                    "dave", "Seal\n\nCurfew-Seal: \(merge)\nCurfew-Root: \(trust.root)\nCurfew-Accepted: \(trust.root)\n",
                    on: merge)
                try await trust.push(above)
                await trust.holds(above, "no seal accepts another history", at: trust.root)
            }
            // Not by who has forgotten everything either, nor by those who look from a clone.
            let tip = try await trust.tip()
            let checked = try await execute(
                trust.world.program, ["check", "\(trust.root)..\(tip)", "--config", trust.world.configuration],
                in: trust.world.work)
            #expect(checked.code != 0 && checked.errors.contains("another history"), "\(checked)")
            let planned = try await trust.world.curfew("plan", "--rev", tip)
            #expect(planned.code == 1, "\(planned)")
            try await trust.forget(daemon)
            #expect(await eventually { trust.world.status?.source.problem?.contains("trust.root") ?? false }, "\(daemon.log)")
            #expect(trust.world.status?.revision == nil)
            try await trust.push(trust.root)
            #expect(await trust.takes(trust.root), "\(daemon.log)")
        }
    }
}
