import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Ways to get access that nobody gave, tried on the whole program: each is refused and told, and leaves no access.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct AccessAttackSerial {
    /// A second role, whose grants need two people.
    static let twoSeats = """
        ---
        apiVersion: curfew/v1
        kind: Role
        metadata: { name: deep }
        spec: { binds: [{ backend: root, with: { commands: ["/usr/bin/id"] } }] }
        ---
        apiVersion: curfew/v1
        kind: AccessPolicy
        metadata: { name: deep }
        spec: { roles: [deep], eligible: [alice], maxDuration: 1h, approvals: { count: 2, from: [team:dba] } }
        """

    /// What merging a grant on one's own does not give. `pending` ones may still be approved by others; nothing begins.
    @Test(.timeLimit(.minutes(3))) func nobodyApprovesTheirOwn() async throws {
        try await AccessWorld.with("own", policies: Self.twoSeats) { world, _ in
            // By merge.
            try await world.propose("alice", ["grants/merge.yaml": world.grant("merge")], branch: "request/merge")
            try await world.merge("alice", "request/merge")
            // By a tag of one's own.
            try await world.propose("alice", ["grants/tag.yaml": world.grant("tag")], branch: "request/tag")
            try await world.tag("alice", approves: "tag", as: "alice")
            try await world.merge("alice", "request/tag")
            // By a tag in another's name.
            try await world.propose("alice", ["grants/name.yaml": world.grant("name")], branch: "request/name")
            try await world.tag("alice", approves: "name", as: "bob")
            try await world.merge("alice", "request/name")
            // By an alias of one's own address.
            try await world.propose("alice", ["grants/alias.yaml": world.grant("alias")], branch: "request/alias")
            try await world.git("alice", "config", "user.email", "alice@alias.example")
            try await world.merge("alice", "request/alias")
            try await world.git("alice", "config", "user.email", "alice@example.org")
            // By being in the approvers' team oneself.
            let own = world.grant("team", person: "carol")
            try await world.propose("carol", ["grants/team.yaml": own], branch: "request/team")
            try await world.tag("carol", approves: "team", as: "carol")
            try await world.merge("carol", "request/team")
            // One person in two seats: bob merges and tags.
            let deep = world.grant("seats", role: "deep")
            try await world.propose("alice", ["grants/seats.yaml": deep], branch: "request/seats")
            try await world.tag("bob", approves: "seats", as: "bob", at: "origin/request/seats")
            try await world.merge("bob", "request/seats")
            for name in ["merge", "tag", "name", "alias", "team", "seats"] {
                #expect(await world.reaches("pending", name), "\(name) \(world.shown(name)?.state ?? "-")")
                #expect(world.shown(name)?.reasons.contains { $0.contains("approv") } == true)
            }
            #expect(try world.isWithoutAccess())
            #expect(try await !world.maySudo())
            // They are no dead ends: the second seat is carol's.
            try await world.refresh("carol")
            let late = try await world.approve("carol", "seats")
            #expect(late.code == 0, "\(late.errors)")
            #expect(await world.reaches("active", "seats"))
        }
    }

    @Test(.timeLimit(.minutes(3))) func anApprovalIsOfOneContentOnly() async throws {
        try await AccessWorld.with("blob") { world, _ in
            // Approved, then edited.
            try await world.propose("alice", ["grants/edit.yaml": world.grant("edit", duration: "1m")], branch: "request/edit")
            try await world.tag("bob", approves: "edit", as: "bob", at: "origin/request/edit")
            try await world.propose("alice", ["grants/edit.yaml": world.grant("edit", duration: "59m")], branch: "request/edit")
            try await world.merge("alice", "request/edit")
            // The tag moved onto another grant.
            try await world.propose("alice", ["grants/moved.yaml": world.grant("moved")], branch: "request/moved")
            let tag = try await git("rev-parse", "refs/tags/approvals/edit/bob", in: world.world.remote)
            try await git("update-ref", "refs/tags/approvals/moved/bob", tag, in: world.world.remote)
            try await world.merge("alice", "request/moved")
            // A tag without a signature, and one that only points.
            try await world.propose("alice", ["grants/light.yaml": world.grant("light")], branch: "request/light")
            let head = try await git("rev-parse", "request/light", in: world.world.remote)
            try await git("update-ref", "refs/tags/approvals/light/bob", head, in: world.world.remote)
            try await world.merge("alice", "request/light")
            for name in ["edit", "moved", "light"] { #expect(await world.reaches("pending", name)) }
            #expect(try world.isWithoutAccess())
        }
    }

    /// Grants that no approval makes right: reverted with the reason. bob merges each of them.
    @Test(.timeLimit(.minutes(3))) func whatFailsItsGatesIsRevertedWithTheReasons() async throws {
        try await AccessWorld.with("gates") { world, _ in
            let long = String(repeating: "x", count: 1_000_000)
            let cases: [(name: String, text: String, reason: String)] = [
                ("zero", world.grant("zero", duration: "0s"), "duration"),
                ("minus", world.grant("minus", duration: "-1s"), "duration"),
                ("huge", world.grant("huge", duration: "1e30"), "duration"),
                ("digits", world.grant("digits", duration: "1000000000000000000000000000000s"), "duration"),
                ("twice", world.grant("twice", duration: "1h1h"), "duration"),
                ("over", world.grant("over", duration: "3601s"), "is more than 1h"),
                ("else", world.grant("else", person: "carol"), "people ask for themselves"),
                ("nobody", world.grant("nobody", person: "nobody"), "nobody"),
                ("role", world.grant("role", role: "root"), "there is no role root"),
                ("long", world.grant("long", reason: "\"INC-1: \(long)\""), "16384"),
                ("lines", world.grant("lines", reason: "\"INC-1: a\\nb\""), "reason"),
                ("escape", world.grant("escape", reason: "\"INC-1: a\\e[2Jb\""), "reason"),
                ("plain", world.grant("plain", reason: "please"), "does not look like"),
                ("other", world.grant("another"), "name"),
                ("field", world.grant("field", more: "  admin: true"), "admin"),
                ("alias", "a: &a [1]\n" + world.grant("alias"), "unknown field 'a'"),
            ]
            let files = Dictionary(uniqueKeysWithValues: cases.map { ("grants/\($0.name).yaml", Optional($0.text)) })
            try await world.propose("alice", files, branch: "request/many")
            try await world.merge("bob", "request/many")
            for item in cases {
                let message = try await world.reverted(item.name)
                let part = message.components(separatedBy: "\n\n").first { $0.hasPrefix("\(item.name): refused") } ?? ""
                #expect(part.contains(item.reason), "\(item.name): \(part.prefix(600))")
                #expect(!message.contains("\u{1B}"))
                #expect(message.utf8.count < 100_000)
            }
            #expect(try world.isWithoutAccess())
            let events = try await world.world.curfew("events", "--format", "json")
            #expect(events.output.contains("grant.refused"))
            #expect(try await git("ls-tree", "-r", "--name-only", "main", "grants/", in: world.world.remote) == "")
        }
    }

    /// What stands in grants/ and is none is taken off, and holds nothing up.
    @Test(.timeLimit(.minutes(2))) func oddThingsInGrantsAreTakenOff() async throws {
        try await AccessWorld.with("odd") { world, _ in
            let files: [String: String?] = ["grants/sub/x.yaml": world.grant("x"), "grants/y.yml": world.grant("y")]
            try await world.propose("alice", files, branch: "odd")
            try await world.merge("bob", "odd")
            let isGone = try await eventually(within: .seconds(20)) {
                try await git("ls-tree", "-r", "--name-only", "main", "grants/", in: world.world.remote) == ""
            }
            #expect(isGone)
            let tip = try await git("rev-parse", "main", in: world.world.remote)
            #expect(await world.verified(at: tip))
            #expect(try world.isWithoutAccess())
        }
    }

    /// The same file again after its end, with the approvals of the first time.
    @Test(.timeLimit(.minutes(3))) func anEndedGrantDoesNotComeBack() async throws {
        try await AccessWorld.with("replay") { world, daemon in
            try await world.getAccess(for: "2s")
            try await world.tag("carol", approves: "one", as: "carol", at: "origin/request/one")
            _ = try await world.reverted()
            // Merged again as it was, by reverting Curfew's revert.
            try await world.refresh("alice")
            try await world.git("alice", "revert", "--no-edit", "-S", "HEAD")
            try await world.git("alice", "push", "-q", "origin", "HEAD:main")
            #expect(
                try await eventually {
                    try await world.subjects().count { $0 == "Revert grant one" } == 2
                })
            #expect(try world.isWithoutAccess())
            // Not even by somebody who may approve, after the state was lost.
            daemon.stop(SIGKILL)
            try FileManager.default.removeItem(atPath: world.world.state.path + "/journal.sqlite")
            try await world.refresh("bob")
            try await world.git("bob", "revert", "--no-edit", "-S", "HEAD")
            try await world.git("bob", "push", "-q", "origin", "HEAD:main")
            try daemon.start()
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await world.subjects().count { $0 == "Revert grant one" } == 3
                })
            #expect(try world.isWithoutAccess())
        }
    }
}
