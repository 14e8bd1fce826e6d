import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewExecBackend

/// Every rule that all access backends keep.
@Suite struct ExecContractTests {
    private func contract(_ scratch: Scratch) -> AccessContract<ExecBackend> {
        AccessContract(person: alice, settings: settings, now: { .current }) { try await backend(scratch) }
    }

    @Test func keepsEveryRule() async throws { try await contract(Scratch("exec")).everyRule() }

    @Test func whatEndedStaysEndedWithAnEmptyState() async throws {
        let scratch = try Scratch("exec")
        try await contract(scratch).endedStaysEndedAfterRestart {
            try FileManager.default.removeItem(atPath: scratch.file("access"))
        }
    }
}
