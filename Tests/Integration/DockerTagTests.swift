import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Images by tag: a tag is looked up when its manifest changes, and never between.
@Suite(.enabled(if: geteuid() == 0, "an engine of its own needs root"), .serialized) struct DockerTagSerial {
    @Test("A tag that moves deploys nothing; a commit does; a revert brings the old image back", .timeLimit(.minutes(3)))
    func tags() async throws {
        try await RegistryHost.with { registry in
            try await EngineHost.with { host in
                let world = try await World("docker-tags", engine: host)
                let tag = "\(registry.address)/site:1"
                let first = try await push("one", host, registry)
                try manifest(world, tag)
                let start = try await world.push("One")
                try await world.withDaemon { daemon in
                    #expect(await world.converged(at: start, within: .seconds(60)), "\(String(describing: world.status))")
                    #expect(await world.page() == "one")
                    let events = try await world.curfew("events", "--kind", "tag.resolved").output
                    #expect(events.contains("\(tag) is \(first)"), "\(events)")
                    let before = world.instances()

                    _ = try await push("two", host, registry)
                    let nothing = try await world.push("Nothing")
                    #expect(await world.converged(at: nothing))
                    #expect(world.instances() == before)

                    try manifest(world, tag + " # again")
                    let again = try await world.push("Look it up again")
                    #expect(await world.converged(at: again, within: .seconds(60)))
                    #expect(await world.page() == "two")

                    // With the registry gone what is known stays known, after a restart too.
                    await registry.stop()
                    try manifest(world, tag)
                    let back = try await world.push("Back")
                    #expect(await world.converged(at: back, within: .seconds(60)))
                    #expect(await world.page() == "one")
                    daemon.stop(SIGTERM)
                    try daemon.start()
                    #expect(await world.converged(at: back))

                    // Nobody can tell: the bundle is held, with the reason, and what runs stays.
                    try manifest(world, tag.replacing("site:1", with: "site:2"))
                    try await world.push("Unknown")
                    let isHeld = await eventually(within: .seconds(30)) {
                        world.status?.diagnostics.contains {
                            "\($0)".contains("site:2': its digest") && "\($0)".contains("connection refused")
                        }
                            ?? false
                    }
                    #expect(isHeld, "\(String(describing: world.status))")
                    #expect(await world.page() == "one")
                }
            }
        }
    }

    /// An image that serves a page, at the tag; its reference by digest.
    private func push(_ page: String, _ host: EngineHost, _ registry: RegistryHost) async throws -> String {
        try await host.docker("run", "--name", "maker", host.image, "sh", "-c", "echo \(page) > /app/index.html")
        let image = try await host.docker("commit", "maker")
        try await host.docker("rm", "maker")
        return try await registry.push(image, as: "site:1", from: host)
    }

    private func manifest(_ world: World, _ image: String) throws {
        try world.scratch.write(
            "work/manifests/web/web.yaml",
            """
            apiVersion: curfew/v1
            kind: Workload
            metadata: { name: web }
            spec:
              runtime: docker
              artifact:
                image: \(image)
              command: [busybox, httpd, -f, -p, "$(HOST):$(PORT)", -h, /app]
              ports: [{ name: http, expose: \(world.port) }]
              health: { http: { port: http, path: / }, interval: 500ms, timeout: 1s, startup: 5s }
              rollout: { deadline: 10s, drain: 1s, onFailure: revert }
            """)
    }
}
