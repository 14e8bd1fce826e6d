import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Testing

@testable import CurfewDockerRuntime

@Suite("The contract of runtimes, on a real engine", .serialized) struct DockerContractSerial {
    @Test(.timeLimit(.minutes(3))) func everyRule() async throws {
        try await Fixture.with { fixture in
            let image = fixture.host.image
            try await RuntimeContract(
                workload: { name, command, ports in
                    Workload(
                        name: name, runtime: Name(literal: "docker"), artifact: .image(image), command: command,
                        ports: ports.map { Port(name: $0) })
                },
                page: { await page($0) }, open: { try fixture.runtime() }
            ).everyRule()
        }
    }

    @Test(.timeLimit(.minutes(2))) func everyRuleOnPublishedPorts() async throws {
        try await Fixture.with { fixture in
            let image = fixture.host.image
            let contract = RuntimeContract(
                workload: { name, command, ports in
                    Workload(
                        name: name, runtime: Name(literal: "docker"), artifact: .image(image), command: command,
                        ports: ports.map { Port(name: $0) })
                },
                page: { await page($0) }, open: { try fixture.runtime { $0.reach = .published(on: "127.0.0.1") } })
            try await contract.everyRule()
        }
    }
}
