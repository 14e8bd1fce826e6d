import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("What an instance may see and do") struct SandboxTests {
    @Test(
        "Inside, checked by a probe",
        .timeLimit(.minutes(1)),
        arguments: [
            ("the root is read-only", "! touch /x && ! touch /app/x && ! touch /etc/x && ! touch /usr/x && ! touch /dev/x"),
            ("/tmp can be written", "touch /tmp/x && touch /dev/shm/x"),
            (
                "accounts and keys of the host are not there",
                "! test -e /etc/shadow && ! test -e /root && ! test -e /home && ! test -e /sys"
            ),
            ("other processes are not seen", "test $(ls -d /proc/[0-9]* | wc -l) -lt 8"),
            ("it is not root", "test $(id -u) -ne 0"),
            (
                "it has no capability and cannot get one",
                "grep -q '^CapPrm:.0*$' /proc/self/status && grep -q '^CapBnd:.0*$' /proc/self/status && grep -q 'NoNewPrivs:.1' /proc/self/status"
            ),
            ("scratch and volume can be written, at the places that were named", "touch /data/x && touch /app/cache/x"),
            (
                "the environment is the declared one",
                "test \"$GREETING\" = 'hello '$PORT && test -z \"$SHLVL_OF_DAEMON\" && test \"$HOME\" = /tmp"
            ),
            ("the instance knows itself", "test \"$WORKLOAD\" = web && test \"$INSTANCE\" = $(hostname)"),
            ("ports are given by name", "test \"$PORT_HTTP_ADMIN\" -gt 0 && test \"$PORT\" = \"$PORT_HTTP\""),
            ("no file of the daemon is open", "test $(ls /proc/self/fd | wc -l) -le 4"),
            ("programs of the host can be run", "busybox true && awk 'BEGIN { exit 0 }'"),
        ])
    func inside(_ what: String, _ script: String) async throws {
        let fixture = try Fixture("inside")
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add(["index.html": "x", "cache/": ""])
            let workload = try desired(
                artifact: artifact, command: ["busybox", "httpd", "-f", "-p", "127.0.0.1:$(PORT)"],
                env: ["GREETING": "hello $(PORT)"], ports: ["http", "http-admin"],
                mounts: [Mount(path: "/data", volume: Name(literal: "data")), Mount(path: "/app/cache")])
            let id = try newID()
            _ = try await runtime.start(id, of: workload)
            #expect(try await runtime.run(["sh", "-c", script], beside: id, timeout: .seconds(20)) == 0, "\(what)")
        }
    }

    @Test("The state folder is not visible inside, though it lies in /tmp like this test's", .timeLimit(.minutes(1)))
    func stateIsHidden() async throws {
        let fixture = try Fixture("hidden")
        try await fixture.run { runtime async throws -> Void in
            let id = try newID()
            _ = try await runtime.start(id, of: try serving(try fixture.artifacts.add(["index.html": "x"])))
            #expect(try await runtime.run(["ls", fixture.folder], beside: id, timeout: .seconds(20)) != 0)
            #expect(try await runtime.run(["sh", "-c", "test -z \"$(ls -A /tmp)\""], beside: id, timeout: .seconds(20)) == 0)
        }
    }

    @Test("The environment stands on no command line", .timeLimit(.minutes(1)))
    func environmentIsHidden() async throws {
        let fixture = try Fixture("env")
        try await fixture.run { runtime async throws -> Void in
            let secret = "s3cret-\(UInt64.random(in: 0...UInt64.max))"
            var workload = try serving(try fixture.artifacts.add(["index.html": "x"]))
            workload.workload.env["TOKEN"] = secret
            let id = try newID()
            _ = try await runtime.start(id, of: workload)
            let probe = ["sh", "-c", "test ${#TOKEN} -eq \(secret.utf8.count)"]
            #expect(try await runtime.run(probe, beside: id, timeout: .seconds(20)) == 0)
            for pid in names("/proc").compactMap({ Int32($0) }) {
                #expect(!text("/proc/\(pid)/cmdline").contains(secret) || pid == getpid())
            }
            var info = stat()
            #expect(lstat(fixture.instance(id) + "/record.json", &info) == 0 && info.st_mode & 0o077 == 0)
        }
    }

    @Test("A probe that takes too long is ended, with all that it started", .timeLimit(.minutes(1)))
    func probeTimeout() async throws {
        let fixture = try Fixture("probe")
        try await fixture.run { runtime async throws -> Void in
            let id = try newID()
            _ = try await runtime.start(id, of: try serving(try fixture.artifacts.add(["index.html": "x"])))
            #expect(try await runtime.run(["sh", "-c", "exit 7"], beside: id, timeout: .seconds(20)) == 7)
            #expect(
                try await runtime.run(["busybox", "sh", "-c", "test $(PORT) -gt 0"], beside: id, timeout: .seconds(20)) == 0)
            let mark = "3\(Int.random(in: 10000...99999)).5"
            await #expect(throws: DriverError.self) {
                try await runtime.run(["sh", "-c", "sleep \(mark) & sleep \(mark)"], beside: id, timeout: .milliseconds(300))
            }
            #expect(
                await eventually {
                    !names("/proc").compactMap { Int32($0) }.contains { text("/proc/\($0)/cmdline").contains("sleep\0\(mark)") }
                })
            let unknown = try newID()
            await #expect(throws: DriverError.self) { try await runtime.run(["true"], beside: unknown, timeout: .seconds(1)) }
        }
    }

    @Test(
        "Mounts over what is read-only, odd paths, empty commands and images are refused before anything is made",
        arguments: ["/etc/x", "/usr", "relative", "/", "/a/../b", "/a//b", "/proc/1", "/x\0y", "/x/\u{301}/../etc"])
    func refusedMounts(_ path: String) async throws {
        let fixture = try Fixture("refused")
        try await fixture.run { runtime async throws -> Void in
            let artifact = try fixture.artifacts.add(["index.html": "x"])
            let id = try newID()
            for workload in [
                try desired(artifact: artifact, command: ["true"], mounts: [Mount(path: path)]),
                try desired(artifact: artifact, command: []), try desired(artifact: artifact, command: ["a\0b"]),
                try desired(artifact: artifact, command: ["true"], env: ["A=B": "x"]),
                try desired(artifact: .image("app@sha256:0"), command: ["true"]),
            ] {
                await #expect(throws: DriverError.self) { try await runtime.start(id, of: workload) }
            }
            #expect(names(fixture.folder + "/instances") == [])
        }
    }

    @Test("Placeholders are replaced where they mean something, and only there")
    func placeholders() {
        let values = ["PORT": "80", "PORT_ADMIN": "81"]
        #expect(Placeholders.replaced("a $(PORT):$(PORT_ADMIN)$(PORT)", values) == "a 80:8180")
        #expect(Placeholders.replaced("$$(PORT) $(HOME) $PORT $( $(PORT", values) == "$(PORT) $(HOME) $PORT $( $(PORT")
        #expect(Placeholders.replaced("$$", values) == "$$")
    }
}
