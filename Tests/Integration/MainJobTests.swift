import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The main job on the embedded defaults, with everything real.
@Suite struct MainJobSerial {
    @Test(.timeLimit(.minutes(2))) func mergeDeploysAndReplacesUnderLoad() async throws {
        let world = try await World("main")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { _ in
            #expect(await world.converged(at: first))
            #expect(await world.page() == "one")
            let before = world.instances()
            async let load = execute("wrk", ["-t1", "-c8", "-d5s", "http://127.0.0.1:\(world.port)/"])
            try world.site(page: "two", port: world.port)
            let second = try await world.push("Second")
            #expect(await world.converged(at: second))
            #expect(await world.page() == "two")
            #expect(Set(before).isDisjoint(with: world.instances()))
            let report = try await load.output
            #expect(report.contains("requests in"))
            #expect(!report.contains("Non-2xx") && !report.contains("Socket errors"), "\(report)")
            let plan = try await world.curfew("plan")
            #expect(plan.code == 0, "\(plan.output)\(plan.errors)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func aFailedDeployIsRevertedInGitAndTheOldInstancesStay() async throws {
        let world = try await World("revert")
        try world.site(port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { _ in
            #expect(await world.converged(at: first))
            let before = world.instances()
            let manifest = world.scratch.file("work/manifests/web/web.yaml")
            let text = try String(contentsOfFile: manifest, encoding: .utf8)
            try text.replacing(
                "[busybox, httpd, -f, -p, \"$(HOST):$(PORT)\", -h, .]", with: "[sh, -c, \"echo no database; exit 3\"]"
            )
            .write(toFile: manifest, atomically: true, encoding: .utf8)
            let bad = try await world.push("Break it")
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await git("log", "-1", "--format=%B", "main", in: world.remote).contains("Curfew-Revert: \(bad)")
                })
            let message = try await git("log", "-1", "--format=%an%n%B", "main", in: world.remote)
            #expect(message.contains("no database"))
            #expect(message.hasPrefix("Curfew"))
            let tip = try await git("rev-parse", "main", in: world.remote)
            #expect(await world.converged(at: tip))
            #expect(world.instances() == before)
            // What runs was brought by the first commit still, whatever came between.
            #expect(world.status?.workloads.first?.change?.summary == "First")
            #expect(await world.page() == "one")
            // It does not loop: the revert stays the tip.
            #expect(try await git("rev-list", "--count", "main", in: world.remote) == "3")
        }
    }

    @Test(.timeLimit(.minutes(2))) func killedInstancesAndKilledDaemonsAreSurvived() async throws {
        let world = try await World("kill")
        try world.site(replicas: 2, port: world.port)
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first))
            let before = world.instances()
            daemon.stop(SIGKILL)
            #expect(await world.page() == "one")
            try daemon.start()
            #expect(await eventually { world.status?.pid == daemon.process && world.status?.state == .converged })
            #expect(world.instances() == before)
            try await world.killInstances()
            #expect(
                await eventually(within: .seconds(20)) {
                    Set(world.instances()).isDisjoint(with: before) && world.status?.state == .converged
                })
            let verified = try await world.curfew("events", "--verify")
            #expect(verified.code == 0, "\(verified.errors)")
        }
    }
}
