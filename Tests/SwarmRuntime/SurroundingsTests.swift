import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewSwarmRuntime

@Suite("What instances on a swarm are given", .serialized, .enabled(if: SwarmHost.isPossible, whySkipped))
struct SwarmSurroundingsSerial {
    @Test("Least privilege, limits, and a secret as a file that goes with its last user", .timeLimit(.minutes(2)))
    func secretsAndLimits() async throws {
        try await Fixture.with { fixture in
            let folder = fixture.scratch.file("secrets")
            try fixture.scratch.write("secrets/api-key", "s3cret")
            try await fixture.run({ $0.secrets.folder = folder }) { runtime in
                let script = """
                    busybox sha256sum </run/secrets/key | busybox cut -c 1-8
                    busybox id -u; busybox stat -c %a /run/secrets/key
                    busybox touch /x 2>/dev/null || echo read-only; busybox touch /scratch/x /tmp/x && echo writable
                    busybox grep CapEff /proc/self/status; busybox sleep 1000
                    """
                func desired() throws -> DesiredWorkload {
                    try fixture.desired("web", ["busybox", "sh", "-c", script]) {
                        $0.secrets = [SecretFile(path: "/run/secrets/key", source: .file(Name(literal: "api-key")))]
                        $0.container.user = "1000:1000"
                        $0.resources = Resources(cpu: MilliCPU(500), memory: ByteCount(32 << 20), pids: 20)
                        $0.mounts = [Mount(path: "/scratch", tmpfs: ByteCount(1 << 20))]
                    }
                }
                let ids = [try newID(), try newID()]
                for id in ids { _ = try await runtime.start(id, of: try desired()) }
                let wanted = ["1ec1c26b", "1000", "400", "read-only", "writable", "CapEff:\t0000000000000000"]
                for id in ids {
                    let isSo = try await eventually { try await runtime.logTail(id, lines: 10) == wanted }
                    let last = try await runtime.logTail(id, lines: 10)
                    #expect(isSo, "\(last)")
                }
                let all = try await fixture.host.docker(1, "service", "inspect", ids[0].rawValue)
                #expect(!all.contains("s3cret"))
                for word in ["\"NanoCPUs\": 500000000", "\"MemoryBytes\": 33554432", "\"Pids\": 20", "\"ReadOnly\": true"] {
                    #expect(all.contains(word), "\(word)")
                }
                #expect(try await runtime.observe().allSatisfy { $0.tampered == nil })
                func names() async throws -> [Substring] {
                    try await fixture.host.docker(1, "secret", "ls", "--format", "{{.Name}}").split(separator: "\n")
                }
                // One for both, named by a keyed hash of its content.
                #expect(try await names().count == 1)
                #expect(try await names().first?.hasPrefix("curfew-web-") == true)
                try await runtime.stop(ids[0], grace: .zero)
                try await runtime.stop(try newID(), grace: .zero)
                #expect(try await runtime.collectGarbage(keeping: []) == 0)
                #expect(try await names().count == 1)
                try await runtime.stop(ids[1], grace: .zero)
                #expect(try await eventually { try await names().isEmpty })
                // Another content is another secret.
                try fixture.scratch.write("secrets/api-key", "an0ther")
                let next = try newID()
                _ = try await runtime.start(next, of: try desired())
                #expect(try await names().count == 1)
            }
        }
    }

    @Test("A named volume outlives its instances on its node", .timeLimit(.minutes(2))) func volumes() async throws {
        try await Fixture.with(nodes: 1) { fixture in
            try await fixture.run { runtime in
                let script = "busybox cat /data/x; echo kept >/data/x; busybox sleep 1000"
                let desired = try fixture.desired("web", ["busybox", "sh", "-c", script]) {
                    $0.mounts = [Mount(path: "/data", volume: Name(literal: "data"))]
                    $0.container.placement = ["node.hostname==node1"]
                }
                for said in ["cat: can't open '/data/x': No such file or directory", "kept"] {
                    let id = try newID()
                    _ = try await runtime.start(id, of: desired)
                    #expect(try await eventually { try await runtime.logTail(id, lines: 1) == [said] })
                    #expect(try await runtime.observe().first?.tampered == nil)
                    try await runtime.stop(id, grace: .zero)
                }
            }
        }
    }

    /// Whether the kernel has what networks over several nodes are made of.
    private static func hasOverlays() async -> Bool {
        let made = try? await execute(
            "unshare",
            ["--net", "ip", "link", "add", "v0", "type", "vxlan", "id", "42", "dstport", "4789", "local", "127.0.0.1"])
        return made?.code == 0
    }

    @Test(
        "Instances on other nodes are found by their workload's name in a network",
        .enabled("this kernel makes no vxlan devices, so a swarm has no networks over several nodes") { await hasOverlays() },
        .timeLimit(.minutes(2)))
    func networks() async throws {
        try await Fixture.with { fixture in
            try await fixture.run { runtime in
                let site = try newID("site")
                _ = try await runtime.start(
                    site,
                    of: try fixture.site {
                        ($0.container.networks, $0.container.placement) = ([Name(literal: "back")], ["node.hostname==node1"])
                    })
                let script = """
                    while true; do
                      a=$(busybox nslookup site | busybox awk '/^Address: /{ print $2 }' | busybox tail -n 1)
                      busybox test -n "$a" && busybox wget -q -O - "http://$a:8080/"
                      busybox sleep 0.5
                    done
                    """
                let client = try newID("client")
                _ = try await runtime.start(
                    client,
                    of: try fixture.desired("client", ["busybox", "sh", "-c", script]) {
                        ($0.container.networks, $0.container.placement) = ([Name(literal: "back")], ["node.hostname==node2"])
                    })
                let isReached = try await eventually(within: .seconds(30)) {
                    try await runtime.logTail(client, lines: 1).first?.hasPrefix("site-abababab-") ?? false
                }
                let last = try await runtime.logTail(client, lines: 5)
                #expect(isReached, "\(last)")
                #expect(try await runtime.observe().allSatisfy { $0.tampered == nil && $0.state == .running })
            }
        }
    }
}
