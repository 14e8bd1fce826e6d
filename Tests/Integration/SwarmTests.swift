import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// The main job on a real swarm of several nodes.
@Suite(
    "The whole program on a swarm", .serialized,
    .enabled(if: SwarmHost.isPossible, "a swarm of several nodes on one machine needs root"))
struct SwarmSerial {
    private func site(
        _ world: World, _ host: SwarmHost, page: String, replicas: Int = 2, program: String = "httpd", failures: Int = 60
    ) throws {
        try world.scratch.write(
            "work/manifests/web/web.yaml",
            """
            apiVersion: curfew/v1
            kind: Workload
            metadata: { name: web }
            spec:
              runtime: swarm
              replicas: \(replicas)
              artifact: { image: "\(host.image)" }
              command: [busybox, sh, -c, "echo $PAGE >/tmp/index.html && exec busybox \(program) -f -p $(HOST):$(PORT) -h /tmp"]
              env: { PAGE: \(page) }
              ports: [{ name: http, expose: \(world.port) }]
              health: { http: { port: http, path: / }, interval: 500ms, timeout: 1s, startup: 15s, failures: \(failures) }
              rollout: { deadline: 30s, drain: 1s, onFailure: revert }
              container: { placement: [node.role==worker] }
            """)
    }

    private func with(
        _ label: String, nodes: Int = 3, managers: [String] = [], failures: Int = 60,
        _ body: (World, SwarmHost, Daemon) async throws -> Void
    ) async throws {
        try await SwarmHost.with(nodes: nodes) { host in
            let world = try await World(label, managers: managers + [host.endpoint(1)])
            try site(world, host, page: "one", failures: failures)
            let first = try await world.push("One")
            try await world.withDaemon { daemon in
                #expect(await world.converged(at: first, within: .seconds(60)), "\(String(describing: world.status))")
                try await body(world, host, daemon)
            }
            #expect(try await host.docker(1, "service", "ls", "-q") == "", "something is left")
        }
    }

    private func places(_ world: World) -> [String] {
        (world.status?.workloads.first?.instances ?? []).map { $0.place ?? "nowhere" }.sorted()
    }

    @Test(
        "Merge deploys and replaces, a bad merge is reverted; with the first manager of the list dead", .timeLimit(.minutes(4)))
    func mainJob() async throws {
        try await with("swarm-main", managers: ["unix:///tmp/curfew-no-manager.sock"]) { world, host, daemon in
            #expect(await world.page() == "one")
            #expect(places(world) == ["node2", "node3"])
            let before = Set(world.instances())
            try site(world, host, page: "two")
            let second = try await world.push("Two")
            #expect(await world.converged(at: second, within: .seconds(60)), "\(String(describing: world.status))")
            #expect(await world.page() == "two")
            let two = Set(world.instances())
            #expect(two.count == 2 && before.isDisjoint(with: two))
            // Resize: nobody is replaced
            try site(world, host, page: "two", replicas: 3)
            let third = try await world.push("Three")
            #expect(await world.converged(at: third, within: .seconds(60)))
            #expect(two.isSubset(of: world.instances()) && world.instances().count == 3)
            // Fail: reverted in Git, the old ones never go
            try site(world, host, page: "bad", replicas: 3, program: "nope")
            try await world.push("Bad")
            let isReverted = await eventually(within: .seconds(60)) {
                ((try? await git("log", "-1", "--format=%s", "main", in: world.remote)) ?? "").hasPrefix("Revert")
            }
            #expect(isReverted)
            #expect(await world.converged(within: .seconds(60)))
            #expect(await world.page() == "two")
            #expect(two.isSubset(of: world.instances()) && world.instances().count == 3)
            let status = try await world.curfew("status").output
            #expect(status.contains("node2") && status.contains("node3"), "\(status)")
            let doctor = try await world.curfew("doctor").output
            #expect(doctor.contains("a manager of the swarm") && doctor.contains("there is no such socket"), "\(doctor)")
            // Killed: everything runs on, and is taken over.
            let all = world.instances().sorted()
            daemon.stop(SIGKILL)
            #expect(await world.page() == "two")
            try daemon.start()
            // On top of the revert.
            try await git("pull", "-q", "origin", "main", in: world.work)
            let next = try await world.push("Nothing")
            #expect(await world.converged(at: next))
            #expect(world.instances().sorted() == all)
        }
    }

    @Test("A node is lost: its instances come back on another one by the swarm, and traffic follows", .timeLimit(.minutes(4)))
    func lostNode() async throws {
        try await with("swarm-node") { world, host, _ in
            #expect(places(world) == ["node2", "node3"])
            let before = world.instances().sorted()
            try await host.down(3)
            let isHealed = await eventually(within: .seconds(60)) {
                places(world) == ["node2", "node2"] && world.status?.state == .converged
            }
            #expect(isHealed, "\(String(describing: world.status))")
            // The swarm healed it, so they are the same instances.
            #expect(world.instances().sorted() == before)
            for _ in 0..<10 { #expect(await world.page() == "one") }
            try await host.up(3)
            // Who comes back replaces nobody.
            let next = try await world.push("Nothing")
            #expect(await world.converged(at: next))
            #expect(world.instances().sorted() == before)
        }
    }

    @Test("A node is lost, and probes fail before the swarm knows: replaced, and healed all the same", .timeLimit(.minutes(4)))
    func lostNodeWithQuickProbes() async throws {
        try await with("swarm-quick", failures: 2) { world, host, _ in
            try await host.down(3)
            let isHealed = await eventually(within: .seconds(90)) {
                places(world) == ["node2", "node2"] && world.status?.state == .converged
            }
            #expect(isHealed, "\(String(describing: world.status))")
            for _ in 0..<10 { #expect(await world.page() == "one") }
            try await host.up(3)
        }
    }

    @Test(
        "Changed by hand: updated, rolled back, killed, removed, and a foreign one: replaced or removed",
        .timeLimit(.minutes(5)))
    func byHand() async throws {
        try await with("swarm-hand") { world, host, daemon in
            func isReplaced(_ id: String) async -> Bool {
                await eventually(within: .seconds(40)) {
                    !world.instances().contains(id) && world.instances().count == 2 && world.status?.state == .converged
                }
            }
            let updated = try #require(world.instances().first)
            try await host.docker(1, "service", "update", "-q", "-d", "--env-add", "PAGE=evil", updated)
            #expect(await isReplaced(updated))
            let rolledBack = try #require(world.instances().first)
            daemon.stop(SIGTERM)
            try await host.docker(1, "service", "update", "-q", "-d", "--env-add", "PAGE=evil", rolledBack)
            try await host.docker(1, "service", "rollback", "-q", "-d", rolledBack)
            try daemon.start()
            #expect(await isReplaced(rolledBack))
            let removed = try #require(world.instances().first)
            try await host.docker(1, "service", "rm", removed)
            #expect(await isReplaced(removed))
            let killed = try #require(world.status?.workloads.first?.instances.first)
            let node = killed.place == "node2" ? 2 : 3
            let container = try await host.docker(node, "ps", "-q", "--filter", "name=\(killed.id)")
            try await host.docker(node, "kill", container)
            #expect(await isReplaced(killed.id.rawValue))
            let made = try await execute(
                "docker",
                [
                    "-H", host.endpoint(1), "service", "create", "-q", "-d", "--no-resolve-image", "--name", "evil", "--label",
                    "io.curfew.kind=instance", "--label", "io.curfew.workload=web", host.image, "sleep", "1000",
                ])
            #expect(made.code == 0)
            let isGone = try await eventually(within: .seconds(30)) {
                try await host.docker(1, "service", "ls", "-q", "--filter", "name=evil") == ""
            }
            #expect(isGone)
            #expect(await world.converged())
            #expect(await world.page() == "one")
            let events = try await world.curfew("events").output
            #expect(events.contains("was changed by hand") && events.contains("the swarm rolled it back"), "\(events)")
        }
    }
}
