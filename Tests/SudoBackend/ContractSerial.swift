import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSudoBackend

/// Every rule of the contract, with the real sudo.
@Suite(.serialized, .enabled(if: geteuid() == 0, "sudo's folder belongs to root")) struct SudoContractSerial {
    private func contract(_ host: Host) -> AccessContract<SudoBackend> {
        AccessContract(
            person: Person(name: Name(literal: "alice"), emails: [], accounts: ["unix": host.user]),
            settings: ["commands": .list([.text("/usr/bin/id")])], now: { .current }
        ) { try await host.backend() }
    }

    @Test(.timeLimit(.minutes(1))) func keepsEveryRule() async throws {
        try await Host.with { try await contract($0).everyRule() }
    }

    @Test(.timeLimit(.minutes(1))) func whatEndedStaysEndedWithAnEmptyState() async throws {
        try await Host.with { host in
            let state = host.state
            try await contract(host).endedStaysEndedAfterRestart { try FileManager.default.removeItem(atPath: state) }
        }
    }
}
