import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// What people ask before they merge, in clones of their own.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct AccessCommandSerial {
    @Test(.timeLimit(.minutes(2))) func tellsWhatAMergeWouldDo() async throws {
        try await AccessWorld.with("check", touches: true) { world, _ in
            let file = world.world.configuration
            // A deploy.
            try await world.propose("alice", ["manifests/web/web-site/index.html": "two"], branch: "two")
            let deploy = try await world.curfew("alice", "check", "origin/main..HEAD", "--config", file)
            #expect(deploy.code == 0 && deploy.output.contains("replace web: artifact changed"), "\(deploy)")
            // A mistake.
            try await world.propose("alice", ["manifests/web/web.yaml": "kind: Nothing\n"], branch: "bad")
            let bad = try await world.curfew("alice", "check", "origin/main..HEAD", "--config", file, "--format", "json")
            #expect(bad.code == 1 && bad.output.contains("manifests") && bad.output.contains("mistakes"), "\(bad)")
            // A grant that nobody has approved, then its approval, then its end.
            _ = try await world.curfew("alice", "request", "debug", "--for", "5m", "--reason", "INC-1: x", "--name", "one")
            try await world.git("alice", "checkout", "-q", "request/one")
            let asked = try await world.curfew("alice", "check", "--config", file, "--format", "markdown")
            #expect(asked.code == 1 && asked.output.contains("Could approve: bob, carol"), "\(asked)")
            let alone = try await world.curfew("alice", "approve", "one")
            #expect(alone.code == 1 && alone.errors.contains("nobody approves their own"))
            #expect(try await world.approve("carol", "one").code == 0)
            try await world.git("alice", "fetch", "-q", "--tags", "origin")
            let approved = try await world.curfew("alice", "check", "--config", file)
            #expect(approved.code == 0, "\(approved)")
            try await world.merge("bob", "request/one")
            #expect(await world.reaches("active"))
            let grants = try await world.world.curfew("grants", "--format", "json")
            #expect(grants.output.contains("\"active\""))
            try await world.propose("alice", ["grants/one.yaml": nil], branch: "end")
            let end = try await world.curfew("alice", "check", "--config", file)
            #expect(end.code == 0 && end.output.contains("end one"), "\(end)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func tellsWhoCanAndWhoCould() async throws {
        try await AccessWorld.with("who") { world, _ in
            let who = try await world.curfew("erin", "who-can", "debug")
            #expect(who.code == 0 && who.output.contains("alice") && !who.output.contains("erin"), "\(who)")
            let none = try await world.curfew("erin", "who-can", "nothing")
            #expect(none.code != 0 && none.errors.contains("there are: debug"), "\(none)")
            let text = try String(contentsOfFile: world.world.work + "/policies/access.yaml", encoding: .utf8)
            try await world.propose(
                "dave", ["policies/access.yaml": text.replacing("[alice, carol]", with: "[alice, carol, erin]")], branch: "more"
            )
            let more = try await world.curfew("dave", "what-if", "origin/main..HEAD")
            #expect(more.code == 0 && more.output.contains("erin"), "\(more)")
            let wrong = try await world.curfew("dave", "what-if", "HEAD")
            #expect(wrong.code != 0 && wrong.errors.contains("BASE..HEAD"))
            // A request that cannot pass is told so at once, with who may.
            let eager = try await world.curfew("erin", "request", "debug", "--for", "5m", "--reason", "INC-1: x")
            #expect(eager.output.contains("erin") || eager.errors.contains("erin"), "\(eager)")
        }
    }
}
