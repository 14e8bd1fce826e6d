import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Testing

@testable import CurfewSwarmRuntime

@Suite("The contract of runtimes, on a real swarm", .serialized, .enabled(if: SwarmHost.isPossible, whySkipped))
struct SwarmContractSerial {
    @Test(.timeLimit(.minutes(4))) func everyRule() async throws {
        try await Fixture.with { fixture in
            let image = fixture.host.image
            try await RuntimeContract(
                workload: { name, command, ports in
                    Workload(
                        name: name, runtime: Name(literal: "swarm"), artifact: .image(image), command: command,
                        ports: ports.map { Port(name: $0) }, rollout: RolloutPolicy(drain: .seconds(1)))
                },
                page: { await page($0) }, open: { try fixture.runtime() }
            ).everyRule()
        }
    }
}
