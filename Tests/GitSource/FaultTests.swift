import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Sources that are not as they should be.
@Suite(.timeLimit(.minutes(2))) struct FaultTests {
    @Test func noRepositoryEmptyRepositoryWrongBranch() async throws {
        let fixture = try await Fixture("none", commit: false)
        let nothing = await gitError { _ = try await fixture.mirror("file:///nonexistent/x.git", name: "a.git").refresh() }
        #expect(nothing?.code == .notARepository, "\(String(describing: nothing))")
        let empty = await gitError { _ = try await fixture.mirror(name: "b.git").refresh() }
        #expect(empty?.code == .emptyRepository, "\(String(describing: empty))")
        try await fixture.commit("First")
        let wrong = await gitError { _ = try await fixture.mirror(branch: "maim", name: "c.git").refresh() }
        #expect(wrong?.code == .branchNotFound)
        #expect(wrong?.message.contains("there are: main") ?? false)
    }

    @Test(arguments: [
        "-oProxyCommand=x", "--upload-pack=x", "ext::sh -c x", "https://alice:pw@host/x", "ftp://host/x", "https:// host/x",
        "ssh://-oX/y", "host:99999:x/\n",
    ])
    func addressesThatAreRefused(_ url: String) async throws {
        let fixture = try await Fixture("address", commit: false)
        let error = await gitError { _ = try await fixture.mirror(url) }
        #expect(error?.code == .invalid)
        #expect(error.map { !"\($0)".contains("pw@") } ?? false)
    }

    @Test func aServerThatNeverAnswersCostsItsTime() async throws {
        let fixture = try await Fixture("silent")
        let port = try freePort()
        let server = try Server(
            "busybox", ["nc", "-ll", "-p", "\(port)", "-e", "sleep", "60"], log: fixture.scratch.file("nc.log"))
        defer { withExtendedLifetime(server) {} }
        #expect(try await eventually { try await execute("ss", ["-ltn"]).output.contains(":\(port) ") })
        let mirror = try await fixture.mirror("git://127.0.0.1:\(port)/x.git", timeout: .seconds(1))
        let error = await gitError { _ = try await mirror.refresh() }
        #expect(error?.code == .timedOut, "\(String(describing: error))")
        // The mirrors are tried in order, and the mirror is as good as before.
        let second = try await fixture.mirror(
            "git://127.0.0.1:\(try freePort())/x.git", mirrors: ["file:///nonexistent.git", "file://\(fixture.remote)"],
            name: "m.git")
        #expect(try await second.refresh().remote == "file://\(fixture.remote)")
    }

    /// Broken off in the greeting, right after it, and in the middle of the pack.
    @Test(arguments: [20, 450, 20_000]) func aTruncatedPackIsRefused(_ bytes: Int) async throws {
        let fixture = try await Fixture("truncated")
        try await fixture.commit("Large", ["large": noise(200_000)])
        let (server, url) = try await GitServers(fixture.scratch).daemon(through: "stdbuf -o0 head -c \(bytes)")
        defer { withExtendedLifetime(server) {} }
        let mirror = try await fixture.mirror("\(url)/remote.git")
        let error = await gitError { _ = try await mirror.refresh() }
        #expect(error?.code == .corrupt || error?.code == .unreachable, "\(String(describing: error))")
        #expect(try await mirror.tip() == nil)
        #expect(try leftovers(fixture.scratch.file("mirror.git")).isEmpty)
        let good = try await fixture.mirror()
        #expect(try await good.refresh().tip == fixture.head())
    }

    @Test func aTipThatMovedBackwardsIsSeen() async throws {
        let fixture = try await Fixture("back")
        let first = try await fixture.head()
        let second = try await fixture.commit("Second")
        let mirror = try await fixture.mirror()
        #expect(try await mirror.refresh().tip == second)
        try await git("push", "-qf", "origin", "\(first):main", in: fixture.work)
        #expect(try await mirror.refresh().tip == first)
        #expect(try await !mirror.isAncestor(second, of: first))
        #expect(try await mirror.isAncestor(first, of: second))
    }

    @Test func locksOfAKilledProcessAreRemoved() async throws {
        let fixture = try await Fixture("locks")
        _ = try await fixture.mirror().refresh()
        try fixture.scratch.write("mirror.git/refs/curfew/remote.lock", "")
        try fixture.scratch.write("mirror.git/objects/pack/pack_git2_abc", "half")
        try await fixture.commit("Second")
        let mirror = try await fixture.mirror()
        #expect(try await mirror.refresh().moved)
        #expect(!FileManager.default.fileExists(atPath: fixture.scratch.file("mirror.git/objects/pack/pack_git2_abc")))
    }

    @Test func aDamagedMirrorIsMovedAside() async throws {
        let fixture = try await Fixture("damaged")
        _ = try await fixture.mirror().refresh()
        try fixture.scratch.write("mirror.git/HEAD", "garbage\0")
        try FileManager.default.removeItem(atPath: fixture.scratch.file("mirror.git/objects"))
        let mirror = try await fixture.mirror()
        #expect(try await mirror.refresh().tip == fixture.head())
    }
}
