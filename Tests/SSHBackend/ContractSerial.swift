import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSSHBackend

/// Every rule of the contract, on a host with a real sshd.
@Suite(.serialized, .enabled(if: geteuid() == 0, "accounts belong to root")) struct SSHContractSerial {
    private func contract(_ host: SSHHost, usesPrincipals: Bool) throws -> AccessContract<SSHBackend> {
        AccessContract(person: try host.person(), settings: host.settings(), now: { .current }) {
            try await host.backend(usesPrincipals: usesPrincipals)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false]) func keepsEveryRule(usesPrincipals: Bool) async throws {
        try await SSHHost.with(usesPrincipals: usesPrincipals) { host in
            try await contract(host, usesPrincipals: usesPrincipals).everyRule()
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func whatEndedStaysEndedWithAnEmptyState(usesPrincipals: Bool) async throws {
        try await SSHHost.with(usesPrincipals: usesPrincipals) { host in
            let state = host.state
            try await contract(host, usesPrincipals: usesPrincipals).endedStaysEndedAfterRestart {
                try FileManager.default.removeItem(atPath: state)
            }
        }
    }
}
