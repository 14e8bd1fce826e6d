import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Manifests that ask for more than their bundle has, and people who go in by the kernel's doors.
@Suite("What a manifest may not have", .enabled(if: geteuid() == 0, "namespaces and engines belong to root"), .serialized)
struct PowerAttackSerial {
    @Test("The port of the HTTP API is nobody's, also of one that had it before", .timeLimit(.minutes(2))) func ownPort()
        async throws
    {
        let port = try freePort()
        let world = try await World("own-port")
        try world.site(port: port)
        let first = try await world.push("One")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first))
            #expect(await world.page(port) == "one")
            // A restart in which the port becomes the API's.
            daemon.stop(SIGTERM)
            let before = world.instances()
            let text = try String(contentsOfFile: world.configuration, encoding: .utf8)
            try world.scratch.write("curfew.yaml", text + "\napi: { listen: \"127.0.0.1:\(port)\", anonymous: viewer }\n")
            try daemon.start()
            let isGivenBack = await eventually(within: .seconds(20)) {
                let answer = try? await execute("curl", ["-fsS", "-m", "2", "http://127.0.0.1:\(port)/api/v1/status"])
                return answer?.output.contains("\"state\"") ?? false
            }
            #expect(isGivenBack)
            // What runs stays.
            #expect(world.instances() == before && before.count == 1)
            let events = try await world.curfew("events").output
            #expect(events.contains("expose \(port) is Curfew's own: the HTTP API listens there"), "\(events)")
            let checked = try await world.curfew("validate", world.work)
            #expect(checked.code == 1 && checked.output.contains("manifests/web/web.yaml:9:"), "\(checked.output)")
        }
    }

    @Test(
        "A narrowed 'allow' holds from the next start; what runs stays, and nothing new of it is started",
        .timeLimit(.minutes(2)))
    func narrowed() async throws {
        let world = try await World("narrowed")
        try world.site("web", port: world.port)
        try await world.push("One")
        try world.site("web", page: "two", port: world.port)
        let second = try await world.push("Two")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: second))
            daemon.stop(SIGTERM)
            let before = world.instances()
            let text = try String(contentsOfFile: world.configuration, encoding: .utf8)
            try world.scratch.write("curfew.yaml", text + "\nallow: [{ bundles: [web], runtimes: [other] }]\n")
            try daemon.start()
            let isHeld = await eventually(within: .seconds(20)) {
                (try? await world.curfew("events", "--kind", "bundle.held"))?.output.contains(
                    "runtime 'local' is not allowed for bundle 'web'; to allow it, add under 'allow' in the service's configuration: - { bundles: [web], runtimes: [local] }"
                ) ?? false
            }
            let events = try await world.curfew("events").output
            #expect(isHeld, "\(events)")
            #expect(await world.page() == "two")
            #expect(world.instances() == before && before.count == 1)
            try await world.killInstances()
            #expect(await eventually { await world.page() == nil })
            try? await Task.sleep(for: .seconds(2))
            #expect(await world.page() == nil && world.instances().allSatisfy { before.contains($0) }, "nothing is started")
            daemon.stop(SIGTERM)
            try world.scratch.write("curfew.yaml", text)
            try daemon.start()
            #expect(await eventually(within: .seconds(20)) { await world.page() == "two" })
        }
    }

    @Test("nsenter, chroot and a joined control group are entries; the instance is replaced", .timeLimit(.minutes(3)))
    func hiddenEntries() async throws {
        let world = try await World("hidden")
        try world.site(port: world.port)
        try await world.push("One")
        try await world.withDaemon { _ in
            #expect(await world.converged())
            try? await Task.sleep(for: .seconds(3))
            #expect(try await !world.curfew("events").output.contains("entry.alert"), "probes and the instance's own processes")
            for way in [
                "nsenter -t PID -a -- sleep 20.5", "chroot /proc/PID/root /usr/bin/sleep 20.5",
                // Its parent is the sandbox's first process by then.
                "nsenter -t PID -m -p -- sh -c 'setsid sleep 20.5 & exit 0'",
            ] {
                let before = try #require(world.instances().first)
                let pid = try #require(try await inner(before, world))
                _ = try await execute("sh", ["-c", "(\(way.replacing("PID", with: "\(pid)"))) >/dev/null 2>&1 &"])
                let isReplaced = await eventually(within: .seconds(15)) {
                    world.instances().count == 1 && !world.instances().contains(before)
                }
                #expect(isReplaced, "\(way)")
                let told = try await world.curfew("events", "--kind", "entry.alert").output
                #expect(told.contains("\(before) was entered with no live grant: process '"), "\(way): \(told)")
                #expect(await world.converged())
            }
        }
    }

    /// A process of an instance's command, as this machine numbers it.
    private func inner(_ instance: String, _ world: World) async throws -> Int32? {
        let file = "\(world.state.runtime(Name(literal: "local")))/instances/\(instance)/process"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        guard let found = text.firstRange(of: "\"child-pid\":") else { return nil }
        return Int32(text[found.upperBound...].drop { $0 == " " }.prefix { $0.isNumber })
    }

    @Test(
        "On Docker: another bundle's volume, capabilities, secrets, networks; junk for a secret; nsenter",
        .timeLimit(.minutes(4)))
    func docker() async throws {
        try await EngineHost.with { host in
            let scratch = try Scratch("power-secrets")
            try scratch.write("prod-db", "hunter2")
            chmod(scratch.file("prod-db"), 0o600)
            _ = try await execute("age-keygen", ["-o", scratch.file("age.key")])
            let world = try await World(
                "power",
                extra: """
                    secrets: { folder: "\(scratch.path)", identity: "\(scratch.file("age.key"))" }
                    allow: [{ bundles: [junk], secrets: ["age:manifests/junk/**"] }]
                    """, engine: host)
            func manifest(_ bundle: String, _ name: String, _ command: String, _ more: String) throws {
                try world.scratch.write("work/manifests/\(bundle)/app/f", "x")
                try world.scratch.write(
                    "work/manifests/\(bundle)/\(name).yaml",
                    """
                    apiVersion: curfew/v1
                    kind: Workload
                    metadata: { name: \(name) }
                    spec:
                      runtime: docker
                      artifact: { path: manifests/\(bundle)/app }
                      command: [sh, -c, "\(command)"]
                      rollout: { deadline: 20s, drain: 0s, onFailure: hold }
                    \(more)
                    """)
            }
            try manifest(
                "prod", "orders-db", "echo card > /data/customers; exec sleep 1000", "  mounts: [{ path: /data, volume: data }]"
            )
            // The name that both meant before.
            try await host.docker("volume", "create", "curfew-orders-db-data")
            try await world.push("Prod")
            try await world.withDaemon { daemon in
                #expect(await world.converged(within: .seconds(60)), "\(String(describing: world.status))")
                let prod = try #require(world.instances("orders-db").first)
                try manifest(
                    "dev", "orders", "cat /data/customers; exec sleep 1000", "  mounts: [{ path: /data, volume: db-data }]")
                for (name, more) in [
                    ("caps", "  container: { capabilities: [SYS_ADMIN] }"), ("nets", "  container: { networks: [prod] }"),
                    ("file", "  secrets: [{ path: /run/secrets/p, file: prod-db }]"),
                    ("age", "  secrets: [{ path: /run/secrets/p, age: manifests/junk/junk }]"),
                ] { try manifest("x-\(name)", name, "exec sleep 1000", more) }
                try manifest(
                    "junk", "junk", "exec sleep 1000", "  secrets: [{ path: /run/secrets/p, age: manifests/junk/junk }]")
                let junk = Data("no age file\n".utf8 + (0..<900_000).map { UInt8(truncatingIfNeeded: $0 &* 131) })
                try junk.write(to: URL(filePath: world.work + "/manifests/junk/junk"))
                try await world.push("Dev")
                #expect(await eventually(within: .seconds(60)) { world.instances("orders").count == 1 })
                let isTold = await eventually(within: .seconds(40)) {
                    let workload = world.status?.workloads.first { $0.name.rawValue == "junk" }
                    return workload?.message?.contains("cannot be decrypted") ?? false
                }
                #expect(isTold, "\(String(describing: world.status?.workloads.first { $0.name.rawValue == "junk" }))")
                #expect(kill(daemon.process, 0) == 0 && StateLock.owner(of: world.state) == daemon.process)
                let events = try await world.curfew("events").output
                for text in [
                    "capability 'SYS_ADMIN' is not allowed for bundle 'x-caps'",
                    "network 'prod' is not allowed for bundle 'x-nets'",
                    "secret file 'prod-db' is not allowed for bundle 'x-file'",
                    "secret 'manifests/junk/junk' is not allowed for bundle 'x-age'",
                ] { #expect(events.contains(text), "\(events)") }
                for name in ["caps", "nets", "file", "age"] { #expect(world.instances(name) == []) }
                #expect(try await host.docker("logs", try #require(world.instances("orders").first)).contains("card") == false)
                let volumes = try await host.docker("volume", "ls", "-q").split(separator: "\n")
                #expect(volumes.contains("curfew.orders.db-data") && volumes.contains("curfew.orders-db.data"), "\(volumes)")
                #expect(try await host.docker("exec", prod, "cat", "/data/customers") == "card")
                #expect(await eventually(within: .seconds(20)) { !world.instances("orders-db").contains(prod) })

                // By none of the engine's doors.
                let entered = try #require(world.instances("orders").first)
                let pid = try await host.docker("inspect", "-f", "{{.State.Pid}}", entered)
                _ = try await execute("sh", ["-c", "nsenter -t \(pid) -m -p -- sleep 30.5 >/dev/null 2>&1 &"])
                let isReplaced = await eventually(within: .seconds(30)) {
                    !world.instances("orders").contains(entered) && world.instances("orders").count == 1
                }
                #expect(isReplaced)
                let alerts = try await world.curfew("events", "--kind", "entry.alert").output
                #expect(alerts.contains("\(entered) was entered with no live grant: process '"), "\(alerts)")
            }
        }
    }
}
