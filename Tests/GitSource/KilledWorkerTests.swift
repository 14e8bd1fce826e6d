import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The child that does network Git ends in the middle of its work.
@Suite(.timeLimit(.minutes(2))) struct KilledWorkerTests {
    @Test func killedInTheMiddleOfAPackItLeavesAMirrorThatWorks() async throws {
        let (fixture, server, mirror) = try await stalled("killed", timeout: .seconds(40))
        defer { withExtendedLifetime(server) {} }
        async let outcome = gitError { _ = try await mirror.refresh() }
        #expect(try await eventually(within: .seconds(20)) { try !leftovers(fixture.scratch.file("mirror.git")).isEmpty })
        let worker = try #require(process(fixture))
        kill(worker, SIGKILL)
        let error = await outcome
        #expect(error?.code == .corrupt, "\(String(describing: error))")
        try await works(fixture, mirror)
    }

    @Test func theDeadlineEndsItAndLeavesAMirrorThatWorks() async throws {
        let (fixture, server, mirror) = try await stalled("deadline", timeout: .seconds(3))
        defer { withExtendedLifetime(server) {} }
        let error = await gitError { _ = try await mirror.refresh() }
        #expect(error?.code == .timedOut, "\(String(describing: error))")
        let worker = try #require(process(fixture))
        #expect(kill(worker, 0) != 0, "the child still runs")
        try await works(fixture, mirror)
    }

    @Test func manyAtOnceOnOneMirrorAllSucceed() async throws {
        let fixture = try await Fixture("many")
        let mirror = try await fixture.mirror()
        let second = try await fixture.commit("Second", ["a.txt": "two\n", "large": noise(300_000)])
        let tips = try await withThrowingTaskGroup(of: ObjectID.self) { group in
            for _ in 0..<6 { group.addTask { try await mirror.refresh().tip } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(tips == Array(repeating: second, count: 6))
    }

    @Test func aWorkerThatIsMissingOrTalksNonsenseIsAnError() async throws {
        let fixture = try await Fixture("nonsense")
        // They read their request: the test runner, other than Curfew, would not survive a closed pipe.
        let talk = ["/bin/sh", "-c", "cat >/dev/null; echo '{}}'"]
        let fail = ["/bin/sh", "-c", "cat >/dev/null; exit 1"]
        for worker in [["/nonexistent/curfew", "git-worker"], talk, fail, []] {
            let mirror = Mirror(
                path: fixture.scratch.file("mirror.git"), location: RepositoryLocation(url: fixture.remote), worker: worker)
            try await mirror.open()
            let error = await gitError { _ = try await mirror.refresh() }
            #expect(error != nil, "\(worker)")
        }
    }

    /// A mirror whose server stops in the middle of a pack until the file `go` is there.
    private func stalled(_ label: String, timeout: Span) async throws -> (Fixture, Server, Mirror) {
        let fixture = try await Fixture(label)
        try await fixture.commit("Large", ["large": noise(2_000_000)])
        let (folder, go) = (fixture.scratch.path, fixture.scratch.file("go"))
        let (server, url) = try await GitServers(fixture.scratch).daemon(
            through: "stdbuf -o0 head -c 600000; while test -d \(folder) && ! test -e \(go); do sleep 0.05; done; cat")
        let program = try curfewExecutable()
        let mirror = Mirror(
            path: fixture.scratch.file("mirror.git"), location: RepositoryLocation(url: "\(url)/remote.git", timeout: timeout),
            worker: ["/bin/sh", "-c", "echo $$ >\(fixture.scratch.file("pid")); exec \(program) git-worker"])
        try await mirror.open()
        return (fixture, server, mirror)
    }

    private func process(_ fixture: Fixture) -> pid_t? {
        (try? String(contentsOfFile: fixture.scratch.file("pid"), encoding: .utf8)).flatMap {
            pid_t($0.trimmingCharacters(in: .newlines))
        }
    }

    private func works(_ fixture: Fixture, _ mirror: Mirror) async throws {
        #expect(try leftovers(fixture.scratch.file("mirror.git")).isEmpty)
        #expect(try await mirror.tip() == nil)
        try fixture.scratch.write("go", "")
        #expect(try await mirror.refresh().tip == fixture.head())
        try await git("fsck", "--full", in: fixture.scratch.file("mirror.git"))
    }
}
