import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A source that fails is no reason to stop healing, and none to delete.
@Suite struct SourceFaultSerial {
    @Test(.timeLimit(.minutes(2))) func aServerThatNeverAnswersHoldsNothingUp() async throws {
        let world = try await World("silent")
        try world.site(port: world.port)
        let first = try await world.push("First")
        let silent = try SilentPort()
        defer { withExtendedLifetime(silent) {} }
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            daemon.stop(SIGTERM)
            try world.configure(
                repository:
                    "{ url: \"git://127.0.0.1:\(silent.port)/remote.git\", branch: main, interval: 1s, timeout: 2s }")
            try daemon.start()
            #expect(await eventually { world.status?.pid == daemon.process && world.state(of: "web") == "converged" })
            #expect(world.instances() == before)
            #expect(try await world.heals("web"), "\(world.told(daemon))")
            #expect(await world.page() == "one")
            #expect(await eventually(within: .seconds(20)) { world.status?.source.problem != nil })
            let since = world.status?.source.failingSince
            #expect(since != nil)
            let shown = try await world.curfew("status").output
            #expect(shown.contains("127.0.0.1:\(silent.port)") && shown.contains("since"), "\(shown)")
            // The deadline ends each try and not only the first; "since" stays.
            #expect(try await world.heals("web"), "\(world.told(daemon))")
            #expect(world.status?.source.failingSince == since)
        }
    }

    @Test(.timeLimit(.minutes(2))) func manifestsDeletedDeletesNothing() async throws {
        let world = try await World("nomanifests")
        for name in ["web", "api"] { try world.site(name) }
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = ["web", "api"].flatMap(world.instances)
            try await git("rm", "-rq", "manifests", in: world.work)
            let second = try await world.push("Remove all\n\nCurfew-Allow-Prune: yes")
            #expect(await eventually { world.status?.revision?.hex == second && world.status?.state == .held })
            #expect(["web", "api"].flatMap(world.instances) == before)
            #expect(try await world.heals("web"), "\(world.told(daemon))")
            #expect(world.instances("api") == Array(before.suffix(1)))
            try await git("revert", "--no-edit", "HEAD", in: world.work)
            let third = try await world.push("Back")
            #expect(await world.converged(at: third), "\(world.told(daemon))")
            #expect(world.instances("api") == Array(before.suffix(1)))
        }
    }

    @Test(.timeLimit(.minutes(2))) func aRewriteGoesOnOnceItIsSealedAndEachOneNeedsItsOwnSeal() async throws {
        let world = try await World("seal")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            try await git("checkout", "-q", "--orphan", "other", in: world.work)
            try world.site(page: "two", port: world.port)
            try await git("add", "-A", in: world.work)
            try await git("commit", "-qm", "Rewritten", in: world.work)
            try await git("push", "-qf", "origin", "HEAD:main", in: world.work)
            #expect(await eventually { world.status?.source.held?.contains("Curfew-Seal") ?? false })
            #expect(world.status?.revision?.hex == first)
            #expect(await world.page() == "one")
            let parent = try await git("rev-parse", "HEAD", in: world.work)
            let seal = try await world.push("Accept the rewrite\n\nCurfew-Seal: \(parent)")
            #expect(await world.converged(at: seal), "\(world.told(daemon))")
            #expect(await world.page() == "two")
            try world.site(page: "three", port: world.port)
            let third = try await world.push("Third")
            #expect(await world.converged(at: third), "\(world.told(daemon))")
            // Back to the seal: that one accepted another rewrite, not this one.
            try await git("push", "-qf", "origin", "\(seal):main", in: world.work)
            #expect(await eventually { world.status?.source.tip?.hex == seal })
            #expect(world.status?.source.held != nil && world.status?.revision?.hex == third)
            #expect(await world.page() == "three")
            try await git("push", "-q", "origin", "\(third):main", in: world.work)
            #expect(await world.converged(at: third), "\(world.told(daemon))")
        }
    }
}
