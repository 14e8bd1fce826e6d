import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// A person's own clone: commits and tags are made beside the work tree.
@Suite(.timeLimit(.minutes(2))) struct CloneTests {
    private func clone(_ fixture: Fixture, _ keys: SigningKeys) async throws -> WorkingClone {
        try await git("config", "user.name", "alice", in: fixture.work)
        try await git("config", "user.email", "alice@example.org", in: fixture.work)
        return try await WorkingClone(at: fixture.work, remote: "origin", branch: "main", signingKey: keys.path("alice"))
    }

    @Test func commitsAndTagsAreSignedAndLeaveTheWorkTreeAlone() async throws {
        let fixture = try await Fixture("clone")
        let keys = try await SigningKeys(fixture.scratch, "alice")
        let clone = try await clone(fixture, keys)
        // Work that is under way.
        try fixture.scratch.write("work/a.txt", "unsaved")
        try fixture.scratch.write("work/staged.txt", "staged")
        try await git("add", "staged.txt", in: fixture.work)
        let before = try await git("status", "--porcelain", in: fixture.work)
        let tip = try await clone.fetch()
        let added = try await clone.commit(.write("wish\n"), at: "grants/a.yaml", on: tip, message: "Request a\n")
        try await clone.push(added, to: "request/a")
        let blob = try #require(try await clone.blob(at: "grants/a.yaml", of: added))
        try await clone.tag("approvals/a/alice", on: added, message: "Approve\n\nCurfew-Approve: \(blob)\n")
        #expect(try await git("status", "--porcelain", in: fixture.work) == before)
        #expect(try await git("show", "request/a:grants/a.yaml", in: fixture.remote) == "wish")
        #expect(try await clone.blob(at: "grants/b.yaml", of: added) == nil)
        let removed = try await clone.commit(.delete, at: "grants/a.yaml", on: added, message: "Give a back\n")
        try await clone.push(removed, to: "main")
        let mirror = try await fixture.mirror()
        #expect(try await mirror.refresh().tip == removed)
        let facts = try await mirror.facts(of: removed)
        #expect(facts.signature == .good(try keys.key("alice")))
        #expect(facts.changes == [PathChange(path: "grants/a.yaml", old: blob, new: nil)])
        #expect(try await mirror.facts(of: added).message == "Request a\n")
        let tag = try #require(try await mirror.approvals().first)
        #expect(tag.signature == .good(try keys.key("alice")))
        #expect(tag.message.contains("Curfew-Approve: \(blob)"))
    }

    @Test func fetchSeesRequestsAndApprovalsAndNothingIsForced() async throws {
        let fixture = try await Fixture("fetch")
        let keys = try await SigningKeys(fixture.scratch, "alice")
        let clone = try await clone(fixture, keys)
        let tip = try await clone.fetch()
        // Somebody else is faster.
        try await git("clone", "-q", fixture.remote, "other", in: fixture.scratch.path)
        let other = fixture.scratch.file("other")
        try await git("commit", "-q", "--allow-empty", "-m", "Theirs", in: other)
        try await git("push", "-q", "origin", "HEAD:main", "HEAD:request/b", in: other)
        try await git("tag", "-am", "x", "approvals/b/carol", in: other)
        try await git("push", "-q", "origin", "approvals/b/carol", in: other)
        let late = try await clone.commit(.write("x"), at: "x", on: tip, message: "Late\n")
        #expect(await gitError { try await clone.push(late, to: "main") } != nil)
        let next = try await clone.fetch()
        #expect(next.hex == (try await git("rev-parse", "HEAD", in: other)))
        #expect(try await clone.resolve("refs/remotes/origin/request/b") == next)
        #expect(try await clone.git(["tag", "--list"]) == "approvals/b/carol")
    }

    @Test func whatLooksLikeAnOptionIsRefused() async throws {
        let fixture = try await Fixture("options")
        let keys = try await SigningKeys(fixture.scratch, "alice")
        for (remote, branch) in [("-x", "main"), ("", "main"), ("origin", "--upload-pack=x"), ("origin", "")] {
            let error = await gitError {
                _ = try await WorkingClone(at: fixture.work, remote: remote, branch: branch, signingKey: nil)
            }
            #expect(error?.code == .invalid)
        }
        let none = await gitError {
            _ = try await WorkingClone(at: "/", remote: "origin", branch: "main", signingKey: nil)
        }
        #expect(none?.code == .notARepository)
        let clone = try await clone(fixture, keys)
        #expect(await gitError { _ = try await clone.resolve("--all") } != nil)
        #expect(await gitError { _ = try await clone.resolve("nothing") } != nil)
        #expect(await clone.setting("user.email") == "alice@example.org")
        #expect(await clone.setting("curfew.nothing") == nil)
    }

    @Test func aKeyThatIsNotThereIsAnErrorOfGits() async throws {
        let fixture = try await Fixture("nokey")
        let keys = try await SigningKeys(fixture.scratch, "alice")
        let clone = try await clone(fixture, keys)
        let other = try await WorkingClone(
            at: fixture.work, remote: "origin", branch: "main", signingKey: fixture.scratch.file("nothing"))
        let tip = try await clone.fetch()
        #expect(await gitError { _ = try await other.commit(.write("x"), at: "x", on: tip, message: "x") }?.code == .failed)
    }
}
