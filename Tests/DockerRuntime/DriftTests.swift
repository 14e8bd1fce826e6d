import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDockerRuntime

@Suite("What is done to containers by hand is seen, on a real engine", .serialized) struct DockerDriftSerial {
    /// Something done to a running container, and what is said of it.
    @Test(.timeLimit(.minutes(3))) func everyKindOfTampering() async throws {
        try await Fixture.with { fixture in
            let acts: [(what: String, said: String, act: (String) async throws -> Void)] = [
                ("renamed", "renamed", { try await fixture.host.docker("rename", $0, "other-\($0)") }),
                ("paused", "paused by hand", { try await fixture.host.docker("pause", $0) }),
                ("restarted", "started again", { try await fixture.host.docker("restart", "-t", "0", $0) }),
                (
                    "given more memory", "memory limit",
                    { try await fixture.host.docker("update", "--memory", "64m", "--memory-swap", "64m", $0) }
                ),
                ("started by itself", "restart policy", { try await fixture.host.docker("update", "--restart", "always", $0) }),
            ]
            try await fixture.run { runtime in
                for (what, said, act) in acts {
                    let id = try newID()
                    _ = try await runtime.start(id, of: try fixture.desired())
                    #expect(try await runtime.observe().first { $0.id == id }?.tampered == nil, "before it was \(what)")
                    try await act(id.rawValue)
                    var last: String?
                    let isSeen = try await eventually {
                        last = try await runtime.observe().first { $0.id == id }?.tampered
                        return last?.contains(said) ?? false
                    }
                    #expect(isSeen, "\(what): \(last ?? "nothing is said")")
                    try await runtime.stop(id, grace: .zero)
                }
                #expect(try await runtime.observe().isEmpty)
            }
        }
    }

    @Test("A changed file is seen where the root is read-only by a mount of its own", .timeLimit(.minutes(2)))
    func changedFiles() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired { $0.mounts = [Mount(path: "/data")] })
                // Where it may write, it may write.
                _ = try await runtime.run(["busybox", "touch", "/data/x", "/tmp/y"], beside: id, timeout: .seconds(5))
                for _ in 0..<3 { #expect(try await runtime.observe().first?.tampered == nil) }
                let refused = try await runtime.run(["busybox", "touch", "/bin/x"], beside: id, timeout: .seconds(5))
                #expect(refused != 0, "the root can be written")
                // The engine's own layer, from outside: what an attacker on the host would do.
                let layer = try await fixture.host.docker("inspect", "-f", "{{.GraphDriver.Data.UpperDir}}", id.rawValue)
                try Data("x".utf8).write(to: URL(filePath: layer + "/evil"))
                let isSeen = try await eventually { try await runtime.observe().first?.tampered?.contains("/evil") ?? false }
                #expect(isSeen)
            }
        }
    }

    @Test("A container with our labels made by somebody else is foreign, whatever its labels say", .timeLimit(.minutes(2)))
    func foreign() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                let labels = try await fixture.host.docker(
                    "inspect", "-f", "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}}\n{{end}}", id.rawValue)
                let copied = labels.split(separator: "\n").filter { $0.hasPrefix("io.curfew.") }.flatMap {
                    ["--label", String($0)]
                }
                _ = try await execute(
                    "docker",
                    ["-H", fixture.host.endpoint, "run", "-d", "--name", "evil"] + copied + [
                        fixture.host.image, "sleep", "1000",
                    ])
                _ = try await execute(
                    "docker",
                    [
                        "-H", fixture.host.endpoint, "run", "-d", "--label", "io.curfew.kind=instance", "--label",
                        "io.curfew.workload=$(rm -rf /)\u{1B}[31m", "--label", "io.curfew.instance=../../x", "--name", "odd",
                        fixture.host.image, "sleep", "1000",
                    ])
                let seen = try await runtime.observe()
                #expect(seen.count == 3)
                #expect(seen.filter { $0.foreign != nil }.count == 2, "\(seen)")
                #expect(seen.first { $0.id == id }?.foreign == nil)
                for instance in seen where instance.foreign != nil { try await runtime.stop(instance.id, grace: .zero) }
                #expect(try await runtime.observe().map(\.id) == [id])
            }
        }
    }

    @Test("Removed and stopped containers are told as they are, and are made anew under other names", .timeLimit(.minutes(2)))
    func removed() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let (first, second) = (try newID(), try newID())
                for id in [first, second] { _ = try await runtime.start(id, of: try fixture.desired()) }
                #expect(try await runtime.observe().count == 2)
                try await fixture.host.docker("rm", "-f", first.rawValue)
                try await fixture.host.docker("stop", "-t", "0", second.rawValue)
                let isSeen = try await eventually {
                    let seen = try await runtime.observe()
                    guard seen.map(\.id) == [second], case .exited = seen[0].state else { return false }
                    return true
                }
                let last = try await runtime.observe()
                #expect(isSeen, "\(last)")
            }
        }
    }

    @Test("Another Curfew on the same engine holds, and touches nothing", .timeLimit(.minutes(2))) func secondDaemon()
        async throws
    {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                let other = try fixture.runtime(folder: "other")
                try await other.open()
                await #expect {
                    _ = try await other.observe()
                } throws: { "\($0)".contains("belongs to another Curfew") && "\($0)".contains("docker volume rm curfew-claim") }
                await #expect(throws: DriverError.self) { _ = try await other.start(try newID(), of: try fixture.desired()) }
                await other.shutdown()
                #expect(try await runtime.observe().map(\.id) == [id])
            }
        }
    }
}
