import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The life of grants: the whole program, a real sshd, the machine's sudo.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct AccessLifeSerial {
    @Test(.timeLimit(.minutes(2))) func isAskedForApprovedUsedEndedRevertedAndWhatItTouchedReplaced() async throws {
        try await AccessWorld.with("life", touches: true) { world, _ in
            let before = world.world.instances()
            #expect(try await !world.maySudo())
            try await world.getAccess(for: "6s")
            let certificate = try await world.credentials()
            #expect(try await world.logsIn(certificate))
            #expect(try await world.maySudo())
            let message = try await world.reverted()
            #expect(try await !world.logsIn(certificate))
            #expect(try await !world.maySudo())
            #expect(try world.isWithoutAccess())
            for part in ["its time is over", "bastion: gone", "root: gone", "from 127.0.0.1", "replaced: web"] {
                #expect(message.contains(part), "\(message)")
            }
            let tip = try await git("rev-parse", "main", in: world.world.remote)
            #expect(await world.verified(at: tip))
            #expect(await eventually { world.world.instances() != before && !world.world.instances().isEmpty })
            #expect(try await world.subjects() == ["Revert grant one", "Merge request/one", "Begin"])
            let bad = try await world.unverifiable()
            #expect(bad == [])
            #expect(try await git("for-each-ref", "refs/curfew", in: world.world.remote) == "")
        }
    }

    @Test(.timeLimit(.minutes(2))) func isGivenBackAndDoesNotEndAnother() async throws {
        try await AccessWorld.with("back") { world, _ in
            try await world.getAccess("one")
            try await world.getAccess("two")
            #expect(await world.reaches("active", "two"))
            let certificate = try await world.credentials("two")
            let back = try await world.curfew("alice", "give-back", "one")
            #expect(back.code == 0, "\(back.errors)")
            #expect(await eventually { world.shown("one") == nil })
            #expect(world.shown("two")?.state == "active")
            #expect(try await world.logsIn(certificate))
            #expect(try await world.maySudo())
            #expect(world.dropIns.count == 1)
        }
    }

    @Test(.timeLimit(.minutes(2))) func beginsNotBeforeItsTime() async throws {
        try await AccessWorld.with("later") { world, _ in
            let start = Instant(milliseconds: Int64(Date().timeIntervalSince1970 + 8) * 1000)
            let asked = try await world.curfew(
                "alice", "request", "debug", "--for", "10m", "--reason", "INC-1: later", "--name", "one", "--start",
                start.timestamp)
            #expect(asked.code == 0, "\(asked.errors)")
            try await world.merge("bob", "request/one")
            #expect(await world.reaches("scheduled"))
            let early = try world.isWithoutAccess()
            if WallClock.system.now < start { #expect(early) }
            #expect(await world.reaches("active"))
            #expect(WallClock.system.now >= start)
            let end = try #require(world.shown()?.end)
            #expect(end == start + .seconds(600))
        }
    }

    @Test(.timeLimit(.minutes(2))) func aPersonWhoLeavesTheTeamBeforeTheStartGetsNothing() async throws {
        try await AccessWorld.with("left") { world, _ in
            let start = Instant(milliseconds: Int64(Date().timeIntervalSince1970 + 12) * 1000)
            _ = try await world.curfew(
                "alice", "request", "debug", "--for", "10m", "--reason", "INC-1: later", "--name", "one", "--start",
                start.timestamp)
            try await world.merge("bob", "request/one")
            #expect(await world.reaches("scheduled"))
            let path = "policies/access.yaml"
            try await world.refresh("dave")
            let text = try String(contentsOfFile: world.world.clone("dave") + "/" + path, encoding: .utf8)
            try await world.propose("dave", [path: text.replacing("[alice, carol]", with: "[carol]")], branch: "left")
            try await world.merge("dave", "left")
            let message = try await world.reverted(within: .seconds(40))
            #expect(message.contains("alice"), "\(message)")
            #expect(try world.isWithoutAccess())
            #expect(try await !world.maySudo())
        }
    }

    @Test(.timeLimit(.minutes(2))) func anEditedGrantIsANewOneAndALongerOneNeedsItsOwnReview() async throws {
        try await AccessWorld.with("edit") { world, _ in
            try await world.getAccess(for: "5m")
            #expect(await world.reaches("active"))
            let blob = world.shown()?.blob
            // By herself: not approved, and the old one ends.
            try await world.propose("alice", ["grants/one.yaml": world.grant("one", duration: "50m")], branch: "longer")
            try await world.git("alice", "push", "-q", "origin", "HEAD:main")
            #expect(await eventually { world.shown()?.blob != blob && world.shown()?.state != "active" })
            #expect(await eventually { (try? world.isWithoutAccess()) ?? false })
            // Reviewed: access again.
            try await world.propose("alice", ["grants/one.yaml": world.grant("one", duration: "51m")], branch: "longest")
            try await world.merge("bob", "longest")
            #expect(await world.reaches("active"))
            #expect(try await world.maySudo())
        }
    }

    @Test(.timeLimit(.minutes(2))) func endsOnTimeWithTheGitHostDownAndIsRevertedLater() async throws {
        try await AccessWorld.with("down") { world, _ in
            try await world.getAccess(for: "7s")
            let certificate = try await world.credentials()
            let remote = world.world.remote
            try FileManager.default.moveItem(atPath: remote, toPath: remote + ".away")
            let end = try #require(world.shown()?.end)
            #expect(try await world.logsIn(certificate))
            #expect(await eventually(within: .seconds(15)) { (try? world.isWithoutAccess()) ?? false })
            #expect(WallClock.system.now - end < .seconds(5))
            #expect(try await !world.logsIn(certificate))
            try FileManager.default.moveItem(atPath: remote + ".away", toPath: remote)
            _ = try await world.reverted(within: .seconds(60))
        }
    }
}
