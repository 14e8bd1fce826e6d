import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Testing

@testable import CurfewSwarmRuntime

@Suite("Images on a swarm", .serialized, .enabled(if: SwarmHost.isPossible, whySkipped)) struct SwarmImageSerial {
    @Test("Nodes pull with the login of the runtime's credentials, and without it are told so", .timeLimit(.minutes(2)))
    func logins() async throws {
        try await Fixture.with { fixture in
            let (image, folder) = try await fixture.host.lockedImage()
            try await fixture.run { runtime in
                await #expect {
                    _ = try await runtime.start(try newID(), of: try fixture.desired { $0.artifact = .image(image) })
                } throws: { "\($0)".contains("name a file with a login in the runtime's 'credentials'") }
            }
            try await fixture.run({ $0.credentials = folder + "/config.json" }) { runtime in
                // On the node that never had it.
                let started = try await runtime.start(
                    try newID(),
                    of: try fixture.desired {
                        ($0.artifact, $0.container.placement) = (.image(image), ["node.hostname==node2"])
                    })
                #expect(started.state == .running && started.place == "node2")
                try await runtime.stop(started.id, grace: .zero)
            }
        }
    }

    @Test("The image's own check: starting until it passes, ended when it fails", .timeLimit(.minutes(2))) func imageCheck()
        async throws
    {
        try await Fixture.with(nodes: 1) { fixture in
            let container = try await fixture.host.docker(1, "create", fixture.host.image, "true")
            let name = "\(fixture.host.registry)/checked"
            let check = "HEALTHCHECK --interval=500ms --retries=2 --start-period=10s CMD test -e /tmp/ok"
            try await fixture.host.docker(1, "commit", "--change", check, container, name)
            try await fixture.host.docker(1, "push", "-q", name)
            let image = try await fixture.host.docker(1, "image", "inspect", "-f", "{{index .RepoDigests 0}}", name)
            try await fixture.run { runtime in
                let id = try newID()
                let script =
                    "busybox sleep 2; busybox touch /tmp/ok; busybox sleep 3; busybox rm /tmp/ok; busybox sleep 1000"
                let started = try await runtime.start(
                    id,
                    of: try fixture.desired("web", ["busybox", "sh", "-c", script]) {
                        ($0.artifact, $0.health) = (.image(image), HealthCheck(probe: .image))
                    })
                #expect(started.state == .starting && started.reportedHealth == .unknown)
                #expect(try await eventually { try await runtime.observe().first?.reportedHealth == .healthy })
                #expect(try await runtime.observe().first?.state == .running)
                let hasEnded = try await eventually(within: .seconds(30)) {
                    if case .exited? = try await runtime.observe().first?.state { true } else { false }
                }
                #expect(hasEnded)
                #expect(try await runtime.logTail(id, lines: 1).first?.contains("unhealthy container") == true)
            }
        }
    }
}
