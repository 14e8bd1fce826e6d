import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// The main job with a real engine: the same promises, the same manifests with one word changed.
@Suite("The whole program on Docker", .serialized) struct DockerSerial {
    private func with(_ label: String, _ body: (World, EngineHost, Daemon) async throws -> Void) async throws {
        try await EngineHost.with { host in
            let world = try await World(label, engine: host)
            try world.site(page: "one", replicas: 2, port: world.port)
            let first = try await world.push("One")
            try await world.withDaemon { daemon in
                #expect(await world.converged(at: first, within: .seconds(60)), "\(String(describing: world.status))")
                try await body(world, host, daemon)
            }
        }
    }

    @Test("Merge deploys, a bad merge is reverted, what is resized is not replaced", .timeLimit(.minutes(4)))
    func mainJob() async throws {
        try await with("docker-main") { world, host, _ in
            #expect(await world.page() == "one")
            let checks = try await world.curfew("doctor").output
            #expect(checks.contains("runtime docker: \(host.endpoint) answers: Docker Engine"), "\(checks)")
            #expect(try await world.curfew("logs", "web").code == 0)
            #expect(try await world.curfew("logs", "nobody").errors.contains("nothing of that name"))
            let before = Set(world.instances())
            // Deploy
            try world.site(page: "two", replicas: 2, port: world.port)
            let second = try await world.push("Two")
            #expect(await world.converged(at: second, within: .seconds(60)))
            #expect(await world.page() == "two")
            #expect(before.isDisjoint(with: world.instances()))
            // Resize: nobody is replaced
            let two = Set(world.instances())
            try world.site(page: "two", replicas: 3, port: world.port)
            let third = try await world.push("Three")
            #expect(await world.converged(at: third, within: .seconds(60)))
            #expect(two.isSubset(of: world.instances()) && world.instances().count == 3)
            // Fail: reverted in Git, the old ones never go
            try world.site(page: "bad", replicas: 3, port: world.port)
            let file = world.work + "/manifests/web/web.yaml"
            let text = try String(contentsOfFile: file, encoding: .utf8).replacing(
                "command: [busybox, httpd", with: "command: [busybox, nope")
            try Data(text.utf8).write(to: URL(filePath: file))
            try await world.push("Bad")
            let isReverted = await eventually(within: .seconds(60)) {
                ((try? await git("log", "-1", "--format=%s", "main", in: world.remote)) ?? "").hasPrefix("Revert")
            }
            #expect(isReverted)
            #expect(await world.converged(within: .seconds(60)))
            #expect(await world.page() == "two")
        }
    }

    @Test("keepWarm: the generation before stays, and a revert is a switch", .timeLimit(.minutes(3)))
    func keepWarm() async throws {
        try await with("docker-warm") { world, host, _ in
            let first = Set(world.instances())
            func site(_ page: String) throws {
                try world.site(page: page, replicas: 2, port: world.port)
                let file = world.scratch.file("work/manifests/web/web.yaml")
                let text = try String(contentsOfFile: file, encoding: .utf8).replacing(
                    "drain: 1s", with: "drain: 1s, keepWarm: 10m")
                try Data(text.utf8).write(to: URL(filePath: file))
            }
            try site("two")
            let second = try await world.push("Two")
            #expect(await world.converged(at: second, within: .seconds(60)))
            #expect(await world.page() == "two")
            #expect(Set(world.instances()).isSuperset(of: first) && world.instances().count == 4)
            let status = try await world.curfew("status", "--format", "json").output
            #expect(status.contains("running, kept warm"), "\(status)")
            try site("one")
            let third = try await world.push("Back")
            #expect(await world.converged(at: third, within: .seconds(60)))
            #expect(await world.page() == "one")
            let serving = try #require(world.status).workloads.flatMap(\.instances).filter { !$0.state.contains("warm") }
            #expect(Set(serving.map(\.id.rawValue)) == first, "nothing was started")
            // What is kept is guarded like the rest.
            let kept = try #require(world.instances().first { !first.contains($0) })
            // It may be gone before the command has ended.
            _ = try? await host.docker("exec", kept, "id")
            #expect(await eventually(within: .seconds(20)) { !world.instances().contains(kept) })
            #expect(await world.converged())
        }
    }

    @Test("docker exec without a grant: told, and the instance replaced", .timeLimit(.minutes(3))) func entry() async throws {
        try await with("docker-entry") { world, host, _ in
            let entered = try #require(world.instances().sorted().first)
            try await host.docker("exec", entered, "sh", "-c", "id")
            #expect(
                await eventually(within: .seconds(20)) { !world.instances().contains(entered) && world.instances().count == 2 })
            #expect(await world.converged())
            let events = try await world.curfew("events").output
            #expect(events.contains("entry.alert  \(entered) was entered with no live grant: exec 'sh -c id'"), "\(events)")
            #expect(try await host.docker("ps", "-aq", "--filter", "name=\(entered)") == "")
        }
    }

    @Test("An entry while Curfew is down is caught up with", .timeLimit(.minutes(3))) func entryMeanwhile() async throws {
        try await with("docker-missed") { world, host, daemon in
            daemon.stop(SIGKILL)
            let entered = try #require(world.instances().sorted().first)
            try await host.docker("exec", entered, "sh", "-c", "id")
            try daemon.start()
            #expect(
                await eventually(within: .seconds(20)) { world.instances().count == 2 && !world.instances().contains(entered) })
            let events = try await world.curfew("events").output
            #expect(events.contains("\(entered) was entered with no live grant"), "\(events)")
        }
    }

    @Test(
        "A killed daemon leaves everything running and takes it over; a removed container comes back", .timeLimit(.minutes(3)))
    func restart() async throws {
        try await with("docker-restart") { world, host, daemon in
            let before = world.instances().sorted()
            daemon.stop(SIGKILL)
            #expect(await world.page() == "one")
            try daemon.start()
            #expect(await world.converged())
            // A commit that changes nothing goes through the whole loop, and nobody is replaced.
            let next = try await world.push("Nothing")
            #expect(await world.converged(at: next))
            #expect(world.instances().sorted() == before)
            let removed = try #require(before.first)
            try await host.docker("rm", "-f", removed)
            #expect(
                await eventually(within: .seconds(20)) { world.instances().count == 2 && !world.instances().contains(removed) })
            #expect(await world.converged())
        }
    }

    @Test("With the engine down other runtimes go on, nothing is deleted, and all comes back with it", .timeLimit(.minutes(4)))
    func engineDown() async throws {
        try await with("docker-down") { world, host, daemon in
            try await host.stop()
            let localPort = try freePort()
            try world.site("side", page: "local", port: localPort, runtime: "local")
            try await world.push("A workload elsewhere")
            #expect(await eventually(within: .seconds(30)) { await world.page(localPort) == "local" })
            let held = try #require(world.status)
            #expect(held.problems.contains { $0.contains("runtime docker does not answer") }, "\(held.problems)")
            // Down at the start as well: what is elsewhere is served.
            daemon.stop(SIGTERM)
            // A new listener is opened beside those of the silent runtime.
            let newPort = try freePort()
            try world.site("late", page: "late", port: newPort, runtime: "local")
            try await world.push("Another one, with the engine down from the start")
            try daemon.start()
            #expect(await eventually(within: .seconds(30)) { await world.page(localPort) == "local" })
            #expect(await eventually(within: .seconds(30)) { await world.page(newPort) == "late" })
            try await host.start()
            #expect(await world.converged(within: .seconds(60)), "\(String(describing: world.status))")
            #expect(await world.page() == "one")
            #expect(world.instances().count == 2)
        }
    }
}
