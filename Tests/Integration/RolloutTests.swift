import CurfewTestSupport
import Foundation
import Testing

/// Every way to a second version, with everything real.
@Suite struct RolloutSerial {
    private func site(_ world: World, page: String = "one", replicas: Int = 1, rollout: String) throws {
        try world.site(page: page, replicas: replicas, port: world.port)
        try world.edit("web", ("rollout: { deadline: 10s, drain: 1s, onFailure: revert }", "rollout: { \(rollout) }"))
    }

    /// Whether the address answers as long as `body` goes on: what it answered, and how often not.
    private func watching(_ world: World, _ body: () async throws -> Void) async throws -> (pages: [String], failed: Int) {
        let watcher = Task {
            var (pages, failed): ([String], Int) = ([], 0)
            while !Task.isCancelled {
                // A cancelled question is no failed one.
                if let page = await world.page() { pages.append(page) } else if !Task.isCancelled { failed += 1 }
                try? await Task.sleep(for: .milliseconds(5))
            }
            return (pages, failed)
        }
        do { try await body() } catch {
            watcher.cancel()
            throw error
        }
        watcher.cancel()
        return await watcher.value
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["rolling, surge: 1", "blueGreen"])
    func theAddressAnswersAllTheTime(_ strategy: String) async throws {
        let world = try await World("roll")
        let rollout = "strategy: \(strategy), deadline: 20s, drain: 1s"
        try site(world, replicas: 3, rollout: rollout)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            let seen = try await watching(world) {
                try site(world, page: "two", replicas: 3, rollout: rollout)
                let second = try await world.push("Second")
                #expect(await world.converged(at: second, within: .seconds(40)), "\(world.told(daemon))")
            }
            #expect(seen.failed == 0 && Set(seen.pages).isSubset(of: ["one", "two"]), "\(seen.failed) of \(seen.pages.count)")
            #expect(world.instances().count == 3 && Set(world.instances()).isDisjoint(with: before))
            #expect(await world.page() == "two")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aCanaryGetsItsShareBeforeItGetsAll() async throws {
        let world = try await World("canary")
        let rollout = "strategy: canary, steps: [{ weight: 25, pause: 6s }], deadline: 20s, drain: 1s"
        try site(world, rollout: rollout)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let seen = try await watching(world) {
                try site(world, page: "two", rollout: rollout)
                let second = try await world.push("Second")
                let begun = await eventually(within: .seconds(20)) { await world.page() == "two" }
                #expect(begun, "\(world.told(daemon))")
                var pages: [String] = []
                for _ in 0..<40 { pages.append(await world.page() ?? "nothing") }
                let share = pages.count { $0 == "two" }
                #expect((5...15).contains(share) && pages.count { $0 == "one" } == 40 - share, "\(pages)")
                #expect(world.status?.workloads.first?.message?.contains("canary: 25 %") ?? false)
                #expect(await world.converged(at: second, within: .seconds(40)), "\(world.told(daemon))")
            }
            #expect(seen.failed == 0, "\(seen.failed) of \(seen.pages.count)")
            for _ in 0..<8 { #expect(await world.page() == "two") }
        }
    }

    @Test(.timeLimit(.minutes(2))) func recreateNeverRunsBoth() async throws {
        let world = try await World("recreate")
        let rollout = "strategy: recreate, deadline: 20s, drain: 1s"
        try site(world, replicas: 2, rollout: rollout)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            try site(world, page: "two", replicas: 2, rollout: rollout)
            let second = try await world.push("Second")
            var mixed = false
            let converged = await eventually(within: .seconds(40)) {
                let status = world.status
                let generations = status?.workloads.first?.instances.filter { $0.state == "running" }.map(\.generation) ?? []
                if Set(generations).count > 1 { mixed = true }
                return status?.state == .converged && status?.revision?.hex == second
            }
            #expect(converged, "\(world.told(daemon))")
            #expect(!mixed)
            #expect(await world.page() == "two")
        }
    }

    private let serves = "[busybox, httpd, -f, -p, \"$(HOST):$(PORT)\", -h, .]"

    @Test(.timeLimit(.minutes(2))) func aNewerRevisionPreemptsAStuckRollout() async throws {
        let world = try await World("stuck")
        let rollout = "deadline: 100s, drain: 1s"
        try site(world, rollout: rollout)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            try world.edit("web", (serves, "[sleep, \"1000\"]"), ("startup: 5s", "startup: 90s"))
            let stuck = try await world.push("Stuck")
            #expect(
                await eventually(within: .seconds(20)) {
                    world.status?.revision?.hex == stuck && world.instances().count == 2
                }, "\(world.told(daemon))")
            #expect(Set(world.instances()).isSuperset(of: before))
            try site(world, page: "three", rollout: rollout)
            let fixed = try await world.push("Fixed")
            #expect(await world.converged(at: fixed), "\(world.told(daemon))")
            #expect(await world.page() == "three")
            #expect(world.instances().count == 1)
            #expect(try await git("rev-parse", "main", in: world.remote) == fixed)
        }
    }

    @Test(.timeLimit(.minutes(2))) func holdKeepsTheOldVersionAndPushesNothing() async throws {
        let world = try await World("hold")
        let rollout = "deadline: 10s, drain: 1s, onFailure: hold"
        try site(world, rollout: rollout)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            try world.edit("web", (serves, "[sh, -c, \"exit 3\"]"))
            let bad = try await world.push("Break it")
            #expect(
                await eventually(within: .seconds(20)) {
                    world.status?.revision?.hex == bad && world.state(of: "web") == "failed" && world.instances() == before
                }, "\(world.told(daemon))")
            #expect(try await world.curfew("events").output.contains("rollout.failed"))
            #expect(await world.page() == "one")
            #expect(world.status?.pendingReverts.isEmpty ?? false)
            #expect(try await git("rev-parse", "main", in: world.remote) == bad)
            try site(world, page: "two", rollout: rollout)
            let fixed = try await world.push("Mend it")
            #expect(await world.converged(at: fixed), "\(world.told(daemon))")
            #expect(await world.page() == "two")
        }
    }

    @Test(.timeLimit(.minutes(2))) func resizingKeepsWhoSurvives() async throws {
        let world = try await World("resize")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first), "\(world.told(daemon))")
            let before = world.instances()
            try world.site(replicas: 3, port: world.port)
            let second = try await world.push("Three")
            #expect(await world.converged(at: second), "\(world.told(daemon))")
            #expect(world.instances().count == 3 && Set(world.instances()).isSuperset(of: before))
            try world.site(port: world.port)
            let third = try await world.push("One")
            #expect(await world.converged(at: third), "\(world.told(daemon))")
            #expect(world.instances() == before)
        }
    }
}
