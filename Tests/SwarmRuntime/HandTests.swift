import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewSwarmRuntime

@Suite("What is done to a swarm by hand", .serialized, .enabled(if: SwarmHost.isPossible, whySkipped))
struct SwarmHandSerial {
    @Test("A service that somebody changed is told, an undone change and a rollback too", .timeLimit(.minutes(3)))
    func updates() async throws {
        try await Fixture.with(nodes: 1) { fixture in
            let acts: [(said: String, act: (String) async throws -> Void)] = [
                ("ForceUpdate", { try await fixture.host.docker(1, "service", "update", "-q", "-d", "--force", $0) }),
                ("Env", { try await fixture.host.docker(1, "service", "update", "-q", "-d", "--env-add", "A=b", $0) }),
                ("Replicas", { try await fixture.host.docker(1, "service", "scale", "-d", "\($0)=3") }),
                ("Replicas", { try await fixture.host.docker(1, "service", "scale", "-d", "\($0)=0") }),
                ("Labels", { try await fixture.host.docker(1, "service", "update", "-q", "-d", "--label-add", "a=b", $0) }),
                (
                    "rolled it back",
                    {
                        try await fixture.host.docker(1, "service", "update", "-q", "-d", "--env-add", "A=b", $0)
                        try await fixture.host.docker(1, "service", "rollback", "-q", "-d", $0)
                    }
                ),
            ]
            try await fixture.run { runtime in
                for (said, act) in acts {
                    let id = try newID()
                    _ = try await runtime.start(id, of: try fixture.desired())
                    #expect(try await runtime.observe().first { $0.id == id }?.tampered == nil)
                    try await act(id.rawValue)
                    var last: String?
                    let isSeen = try await eventually {
                        last = try await runtime.observe().first { $0.id == id }?.tampered
                        return last?.contains(said) ?? false
                    }
                    #expect(isSeen, "\(said): \(last ?? "nothing is said")")
                    try await runtime.stop(id, grace: .zero)
                }
                #expect(try await runtime.observe().isEmpty)
            }
        }
    }

    @Test("Swarm's own rollback of a bad update is never a success", .timeLimit(.minutes(2))) func ownRollback() async throws {
        try await Fixture.with(nodes: 1) { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                try await fixture.host.docker(
                    1, "service", "update", "-q", "-d", "--update-failure-action", "rollback", "--update-monitor", "5s",
                    "--entrypoint", "/no/such/program", id.rawValue)
                let isSeen = try await eventually(within: .seconds(40)) {
                    try await runtime.observe().first?.tampered?.contains("rollback_") ?? false
                }
                let last = try await runtime.observe()
                #expect(isSeen, "\(last)")
            }
        }
    }

    @Test("A service with our labels made by somebody else is foreign, whatever its labels say", .timeLimit(.minutes(2)))
    func foreign() async throws {
        try await Fixture.with(nodes: 1) { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                let labels = try await fixture.host.docker(
                    1, "service", "inspect", "-f", "{{range $k, $v := .Spec.Labels}}{{$k}}={{$v}}\n{{end}}", id.rawValue)
                let copied = labels.split(separator: "\n").filter { $0.hasPrefix("io.curfew.") }.flatMap {
                    ["--label", String($0)]
                }
                for (name, marks) in [
                    ("evil", copied),
                    (
                        "odd",
                        [
                            "--label", "io.curfew.kind=instance", "--label", "io.curfew.workload=$(rm -rf /)\u{1B}[31m",
                            "--label", "io.curfew.instance=../../x",
                        ]
                    ),
                ] {
                    let made = try await execute(
                        "docker",
                        ["-H", fixture.host.endpoint(1), "service", "create", "-q", "-d", "--name", name, "--no-resolve-image"]
                            + marks + [fixture.host.image, "sleep", "1000"])
                    #expect(made.code == 0, "\(made.errors)")
                }
                let seen = try await runtime.observe()
                #expect(seen.count == 3)
                #expect(seen.filter { $0.foreign != nil }.count == 2, "\(seen)")
                #expect(seen.first { $0.id == id }?.foreign == nil)
                for instance in seen where instance.foreign != nil { try await runtime.stop(instance.id, grace: .zero) }
                #expect(try await runtime.observe().map(\.id) == [id])
            }
        }
    }

    @Test("Removed services and killed containers are told as they are", .timeLimit(.minutes(2))) func removed() async throws {
        try await Fixture.with(nodes: 1) { fixture in
            try await fixture.run { runtime in
                let (first, second) = (try newID(), try newID())
                for id in [first, second] { _ = try await runtime.start(id, of: try fixture.desired()) }
                try await fixture.host.docker(1, "service", "rm", first.rawValue)
                let container = try await fixture.host.docker(1, "ps", "-q", "--filter", "name=\(second)")
                try await fixture.host.docker(1, "kill", container)
                let isSeen = try await eventually {
                    try await runtime.observe().map { [$0.id.rawValue, "\($0.state)"] }
                        == [[second.rawValue, "\(ObservedInstance.State.exited(code: 137))"]]
                }
                let last = try await runtime.observe()
                #expect(isSeen, "\(last)")
                // The swarm tries it again; for us it has ended for ever.
                for _ in 0..<35 {
                    #expect(try await runtime.observe().first?.state == .exited(code: 137))
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
        }
    }

    @Test("Another Curfew on the same swarm holds, and touches nothing", .timeLimit(.minutes(2))) func secondDaemon()
        async throws
    {
        try await Fixture.with(nodes: 2, managers: 2) { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                // At another manager of the same swarm too.
                let other = try fixture.runtime(folder: "other", endpoints: [2])
                try await other.open()
                await #expect {
                    _ = try await other.observe()
                } throws: {
                    "\($0)".contains("belongs to another Curfew (state folder \(fixture.scratch.file("runtime")) on host")
                        && "\($0)".contains("docker config rm curfew-claim")
                }
                await #expect(throws: DriverError.self) { _ = try await other.start(try newID(), of: try fixture.desired()) }
                await other.shutdown()
                #expect(try await runtime.observe().map(\.id) == [id])
            }
        }
    }
}
