import CurfewDockerAPI
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewSwarmRuntime

@Suite("Faults of managers and of images", .serialized, .enabled(if: SwarmHost.isPossible, whySkipped))
struct SwarmFaultSerial {
    @Test("Managers that are gone, hang or are none are passed over, each with its reason", .timeLimit(.minutes(3)))
    func managers() async throws {
        try await Fixture.with { fixture in
            let nobody = try needed(DockerEndpoint("unix://\(fixture.scratch.file("none.sock"))"))
            // The first is dead, the second a worker.
            try await fixture.run(endpoints: [2, 1], { $0.endpoints.insert(nobody, at: 0) }) { runtime in
                let id = try newID()
                #expect(try await runtime.start(id, of: try fixture.desired()).state == .running)
                #expect(try await runtime.observe().map(\.id) == [id])
                try await runtime.stop(id, grace: .zero)
            }
            try await fixture.run(endpoints: [2], { $0.endpoints.insert(nobody, at: 0) }) { runtime in
                await #expect {
                    _ = try await runtime.observe()
                } throws: {
                    "\($0)".contains("none.sock: ") && "\($0)".contains("there is no such socket")
                        && "\($0)".contains("2.sock: it is a worker") && "\($0)".contains("docker node promote")
                }
            }
            try await fixture.host.docker(2, "swarm", "leave")
            try await fixture.run(endpoints: [2]) { runtime in
                await #expect { _ = try await runtime.observe() } throws: { "\($0)".contains("docker swarm init") }
            }
            // A manager of another swarm knows nothing of ours: it is never believed.
            try await fixture.host.docker(2, "swarm", "init", "--advertise-addr", "127.0.0.1")
            try await fixture.run(endpoints: [1, 2]) { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                try await fixture.host.down(1)
                await #expect { _ = try await runtime.observe() } throws: { "\($0)".contains("a manager of another swarm") }
            }
        }
    }

    @Test("A manager that hangs is left for the next one within the deadline", .timeLimit(.minutes(2))) func hanging()
        async throws
    {
        try await Fixture.with(nodes: 3, managers: 3) { fixture in
            try await fixture.run(endpoints: [3, 1], { $0.timeout = .seconds(2) }) { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired { $0.container.placement = ["node.hostname==node1"] })
                let pid = try await execute("pgrep", ["-f", "^dockerd --data-root \(fixture.host.folder)/3/data"]).output
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                try #require(Int32(pid) != nil, "\(pid)")
                _ = try await execute("kill", ["-STOP", pid])
                let seen = await eventually(within: .seconds(40)) {
                    (try? await runtime.observe())?.map(\.id) == [id]
                }
                #expect(seen)
                _ = try await execute("kill", ["-CONT", pid])
            }
        }
    }

    @Test("The manager that leads is lost: another one is asked, and nothing is lost", .timeLimit(.minutes(3)))
    func lostManager() async throws {
        try await Fixture.with(nodes: 3, managers: 3) { fixture in
            try await fixture.run(endpoints: [1, 2, 3]) { runtime in
                let id = try newID("site")
                _ = try await runtime.start(id, of: try fixture.site { $0.container.placement = ["node.hostname!=node1"] })
                try await fixture.host.down(1)
                let isBack = await eventually(within: .seconds(40)) {
                    let seen = try? await runtime.observe()
                    return seen?.map(\.id) == [id] && seen?.first?.state == .running
                }
                #expect(isBack)
                let second = try newID("site")
                #expect(try await runtime.start(second, of: try fixture.site()).state == .running)
                try await runtime.stop(id, grace: .zero)
                #expect(try await runtime.observe().map(\.id) == [second])
            }
        }
    }

    @Test("What cannot be run is refused with the reason", .timeLimit(.minutes(2))) func refusals() async throws {
        try await Fixture.with(nodes: 1) { fixture in
            try await fixture.run { runtime in
                let unknown = "\(fixture.host.registry)/base@sha256:" + String(repeating: "0", count: 64)
                await #expect {
                    _ = try await runtime.start(try newID(), of: try fixture.desired { $0.artifact = .image(unknown) })
                } throws: { ($0 as? DriverError)?.code == .badArtifact && "\($0)".contains("manifest unknown") }
                let local = "sha256:" + String(repeating: "0", count: 64)
                await #expect {
                    _ = try await runtime.start(try newID(), of: try fixture.desired { $0.artifact = .image(local) })
                } throws: { "\($0)".contains("an image by digest is needed") }
                // A registry that nobody reaches is no reason to refuse: a node may have the image. This one has not.
                let away = "127.0.0.1:1/none@sha256:" + String(repeating: "0", count: 64)
                let lost = try newID()
                let started = try await runtime.start(lost, of: try fixture.desired { $0.artifact = .image(away) })
                #expect(started.state == .exited(code: nil))
                #expect(try await runtime.logTail(lost, lines: 1).first?.contains("No such image") == true)
                try await runtime.stop(lost, grace: .zero)
                // A program that is not there.
                let bad = try newID()
                _ = try await runtime.start(bad, of: try fixture.desired("web", ["/no/such/program"]))
                let isTold = try await eventually { try await runtime.observe().first?.state == .exited(code: 127) }
                #expect(isTold)
                #expect(try await runtime.logTail(bad, lines: 1).first?.contains("/no/such/program") ?? false)
                try await runtime.stop(bad, grace: .zero)
                // The name is taken by somebody else's service.
                let id = try newID()
                try await fixture.host.docker(
                    1, "service", "create", "-q", "-d", "--no-resolve-image", "--name", id.rawValue, fixture.host.image,
                    "sleep",
                    "1000")
                await #expect {
                    _ = try await runtime.start(id, of: try fixture.desired())
                } throws: { "\($0)".contains("docker service rm \(id)") }
                #expect(try await runtime.observe().isEmpty, "something of a failed start is left")
            }
        }
    }

    @Test("A service that was made by a call without an answer is taken for ours", .timeLimit(.minutes(2))) func answerLost()
        async throws
    {
        try await Fixture.with(nodes: 1) { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                let entry = try #require(await runtime.written[id])
                let spec = try JSONDecoder().decode(ServiceSpec.self, from: entry.document)
                #expect(try await runtime.make(spec, nil) == entry.object)
                var other = spec
                other.TaskTemplate.ContainerSpec.Env?.append("A=b")
                let changed = other
                await #expect(throws: DockerError.self) { _ = try await runtime.make(changed, nil) }
            }
        }
    }
}
