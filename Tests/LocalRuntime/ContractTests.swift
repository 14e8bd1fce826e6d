import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Testing

@testable import CurfewLocalRuntime

@Suite("The contract of runtimes, on processes of this machine") struct LocalContractTests {
    @Test(.timeLimit(.minutes(2))) func everyRule() async throws {
        let fixture = try Fixture("contract")
        let contract = RuntimeContract(
            workload: { name, command, ports in
                Workload(
                    name: name, runtime: Name(literal: "local"), artifact: .none, command: command,
                    ports: ports.map { Port(name: $0) })
            },
            page: { await page($0.port, "/") },
            open: {
                try LocalRuntime(configuration: fixture.configuration, artifacts: fixture.artifacts)
            })
        try await contract.everyRule()
    }
}
