import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDockerRuntime

@Suite("Faults of an engine and of images", .serialized) struct DockerFaultSerial {
    @Test("An engine that is down is told, and comes back; its containers are known again", .timeLimit(.minutes(3)))
    func engineDown() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                _ = try await runtime.start(id, of: try fixture.desired())
                try await fixture.host.stop()
                await #expect(throws: DriverError.self) { _ = try await runtime.observe() }
                try await fixture.host.start()
                let isBack = await eventually {
                    guard let seen = try? await runtime.observe() else { return false }
                    return seen.map(\.id) == [id]
                }
                #expect(isBack)
                // A container does not outlive its engine: it has ended, it is not gone.
                if case .exited? = try await runtime.observe().first?.state {
                } else {
                    Issue.record("it runs without its engine")
                }
            }
        }
    }

    @Test("Limits, user and what cannot be had: each with its reason", .timeLimit(.minutes(3))) func refusals() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let digest = "127.0.0.1:1/none@sha256:" + String(repeating: "0", count: 64)
                await #expect {
                    _ = try await runtime.start(try newID(), of: try fixture.desired { $0.artifact = .image(digest) })
                } throws: { ($0 as? DriverError)?.operation == "pull" }
                // The engine's own process 1 starts it, so that it is told like any end.
                let lost = try newID()
                _ = try await runtime.start(lost, of: try fixture.desired("web", ["/no/such/program"]))
                let isTold = try await eventually { try await runtime.observe().first?.state == .exited(code: 127) }
                #expect(isTold)
                #expect(try await runtime.logTail(lost, lines: 1).first?.contains("/no/such/program") ?? false)
                try await runtime.stop(lost, grace: .zero)
                // The name is taken by somebody else's container.
                let id = try newID()
                try await fixture.host.docker("create", "--name", id.rawValue, fixture.host.image, "sleep", "1")
                await #expect {
                    _ = try await runtime.start(id, of: try fixture.desired())
                } throws: { "\($0)".contains("docker rm -f \(id)") }
                #expect(try await runtime.observe().isEmpty, "something of a failed start is left")
                #expect(try await fixture.host.docker("ps", "-aq", "--filter", "label=io.curfew.kind=instance") == "")
            }
        }
    }

    @Test("Over its memory limit: ended, and the log says so", .timeLimit(.minutes(2))) func outOfMemory() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let id = try newID()
                let hungry = try fixture.desired("web", ["busybox", "sh", "-c", "busybox cat /dev/zero | busybox tail"]) {
                    $0.resources = Resources(memory: ByteCount(16 << 20))
                }
                _ = try await runtime.start(id, of: hungry)
                let isTold = try await eventually(within: .seconds(30)) {
                    try await runtime.logTail(id, lines: 5).contains { $0.contains("over its memory limit") }
                }
                let tail = try await runtime.logTail(id, lines: 5)
                #expect(isTold, "\(tail)")
            }
        }
    }

    @Test("What a container is made with: least privilege, limits, a secret as a file", .timeLimit(.minutes(2)))
    func leastPrivilege() async throws {
        try await Fixture.with { fixture in
            let folder = fixture.scratch.file("secrets")
            try fixture.scratch.write("secrets/api-key", "s3cret")
            try await fixture.run({ $0.secrets.folder = folder }) { runtime in
                let id = try newID()
                let wanted = try fixture.desired {
                    $0.secrets = [SecretFile(path: "/run/secrets/key", source: .file(Name(literal: "api-key")))]
                    $0.container.user = "1000:1000"
                    $0.resources = Resources(cpu: MilliCPU(500), memory: ByteCount(32 << 20), pids: 20)
                    $0.mounts = [Mount(path: "/scratch", tmpfs: ByteCount(1 << 20))]
                }
                _ = try await runtime.start(id, of: wanted)
                let code = try await runtime.run(
                    [
                        "busybox", "sh", "-c",
                        "busybox test \"$(busybox cat /run/secrets/key)\" = s3cret && busybox touch /scratch/x",
                    ],
                    beside: id, timeout: .seconds(5))
                #expect(code == 0)
                let all = try await fixture.host.docker("inspect", id.rawValue)
                #expect(!all.contains("s3cret"))
                for word in [
                    "\"CapDrop\": [\n                \"ALL\"", "no-new-privileges:true", "\"ReadonlyRootfs\": true",
                    "\"Memory\": 33554432",
                    "\"NanoCpus\": 500000000", "\"PidsLimit\": 20", "\"Privileged\": false", "\"User\": \"1000:1000\"",
                ] { #expect(all.contains(word), "\(word)") }
                #expect(try await runtime.observe().first?.tampered == nil)
                try await runtime.stop(id, grace: .zero)
                #expect(!FileManager.default.fileExists(atPath: fixture.scratch.file("runtime/secrets/\(id)")))
            }
        }
    }
}
