import CurfewContainers
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDockerRuntime

@Suite("Volumes, networks and images of an engine", .serialized) struct DockerObjectSerial {
    @Test(
        "One volume for one workload; an earlier version's is kept by its label; what is not ours is not used",
        .timeLimit(.minutes(3)))
    func objects() async throws {
        try await Fixture.with { fixture in
            let docker = fixture.host
            // As an earlier version left it, for 'orders'; the same name could mean 'orders-db' with 'data'.
            try await docker.docker(
                "volume", "create", "--label", "io.curfew.kind=volume", "--label", "io.curfew.workload=orders",
                "curfew-orders-db-data")
            try await docker.docker("volume", "create", "curfew.web.data")
            try await docker.docker("network", "create", "curfew-net-back")
            try await docker.docker("network", "create", "--label", "io.curfew.kind=network", "curfew-net-former")
            try await fixture.run { runtime in
                func start(_ name: String, _ volume: String, _ command: String = "exec busybox sleep 1000") async throws
                    -> InstanceID
                {
                    let id = try newID(name)
                    let volume = try needed(Name(volume))
                    _ = try await runtime.start(
                        id,
                        of: try fixture.desired(name, ["sh", "-c", command]) {
                            $0.mounts = [Mount(path: "/data", volume: volume)]
                        })
                    return id
                }
                func volumes(of id: InstanceID) async throws -> String {
                    try await docker.docker("inspect", "-f", "{{range .Mounts}}{{.Name}}{{end}}", id.rawValue)
                }
                #expect(try await volumes(of: start("orders", "db-data")) == "curfew-orders-db-data")
                let other = try await start("orders-db", "data")
                #expect(try await volumes(of: other) == "curfew.orders-db.data")
                #expect(try await volumes(of: start("orders-db", "data")) == "curfew.orders-db.data")
                await #expect {
                    _ = try await start("web", "data")
                } throws: {
                    "\($0)".contains("volume curfew.web.data") && "\($0)".contains("docker volume rm curfew.web.data")
                }
                func join(_ network: String) async throws {
                    let name = try needed(Name(network))
                    _ = try await runtime.start(
                        try newID("net"), of: try fixture.desired("net") { $0.container.networks = [name] })
                }
                try await join("former")
                try await join("fresh")
                await #expect { try await join("back") } throws: { "\($0)".contains("docker network rm curfew-net-back") }
                let owner = try await docker.docker(
                    "network", "inspect", "-f", "{{index .Labels \"io.curfew.owner\"}}", "curfew-net-fresh")
                #expect(owner == runtime.owner)
            }
            // Another Curfew that was given the engine does not take what is not its own.
            try await docker.docker("volume", "rm", "curfew-claim")
            let next = try fixture.runtime(folder: "another")
            try await next.open()
            await #expect {
                _ = try await next.start(
                    try newID("orders-db"),
                    of: try fixture.desired("orders-db") { $0.mounts = [Mount(path: "/data", volume: Name(literal: "data"))] })
            } throws: { "\($0)".contains("belongs to another Curfew") && "\($0)".contains("another/owner") }
            await next.shutdown()
        }
    }
}
