import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// Other places that stand in for the configured one.
@Suite(.timeLimit(.minutes(2))) struct MirrorOrderTests {
    @Test func aMirrorThatLagsBehindIsNoRewrite() async throws {
        let fixture = try await Fixture("lags")
        try await git("clone", "-q", "--bare", fixture.remote, "behind.git", in: fixture.scratch.path)
        let second = try await fixture.commit("Second", ["a.txt": "two\n"])
        let behind = fixture.scratch.file("behind.git")
        let mirror = try await fixture.mirror(mirrors: ["file://\(behind)"])
        #expect(try await mirror.refresh().tip == second)
        try FileManager.default.moveItem(atPath: fixture.remote, toPath: fixture.scratch.file("away.git"))
        let outcome = try await mirror.refresh()
        #expect(outcome.tip == second && !outcome.moved && outcome.remote == "file://\(behind)")
        #expect(try await mirror.tip() == second)
        // It catches up and goes on, and is followed.
        let third = try await git("commit-tree", "-p", second.hex, "-m", "Third", "HEAD^{tree}", in: fixture.work)
        try await git("push", "-q", behind, "\(third):refs/heads/main", in: fixture.work)
        #expect(try await mirror.refresh().tip.hex == third)
        // The configured place is believed also when it goes back.
        try FileManager.default.moveItem(atPath: fixture.scratch.file("away.git"), toPath: fixture.remote)
        let back = try await mirror.refresh()
        #expect(back.tip == second && back.moved)
    }

    @Test func theErrorIsThatOfTheConfiguredPlace() async throws {
        let fixture = try await Fixture("all", commit: false)
        let port = try freePort()
        let mirror = try await fixture.mirror("git://127.0.0.1:\(port)/x.git", mirrors: ["file:///nonexistent.git"])
        let error = await gitError { _ = try await mirror.refresh() }
        #expect(error?.code == .unreachable && error?.subject.contains("\(port)") ?? false, "\(String(describing: error))")
    }
}
