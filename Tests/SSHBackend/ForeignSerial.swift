import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSSHBackend

/// Access that Curfew did not give: seen, and removed when that is asked for; nothing else goes with it.
@Suite(.serialized, .enabled(if: geteuid() == 0, "accounts belong to root")) struct SSHForeignSerial {
    @Test(.timeLimit(.minutes(1))) func isSeenAndRemovedAndGrantsStay() async throws {
        try await SSHHost.with { host in
            let backend = try await host.backend()
            let order = try host.order()
            let certificate = try host.install(try await backend.give(order))
            let file = host.principals + "/" + host.account
            let before = try String(contentsOfFile: file, encoding: .utf8)
            try (before + "anybody\n").write(toFile: file, atomically: true, encoding: .utf8)
            let foreign = try await backend.observe().filter { $0.grant == nil }
            #expect(foreign.map(\.detail) == ["anybody"] && foreign.map(\.subject) == [file])
            // Giving again does not wash it away unseen.
            _ = try await backend.give(order)
            #expect(try await backend.observe().contains { $0.detail == "anybody" })
            for access in foreign { try await backend.removeForeign(access) }
            #expect(try await backend.observe().allSatisfy { $0.grant != nil })
            #expect(try await host.admits(certificate: certificate))
            // What is ours, or lies elsewhere, is not removed by this.
            let ours = ObservedAccess(
                grant: nil, subject: file, end: nil, detail: before.split(separator: "\n").last.map(String.init) ?? "")
            await #expect(throws: DriverError.self) { try await backend.removeForeign(ours) }
            let other = ObservedAccess(grant: nil, subject: "/etc/passwd", end: nil, detail: "root")
            await #expect(throws: DriverError.self) { try await backend.removeForeign(other) }
        }
    }

    /// Keys that somebody else revoked stay revoked.
    @Test(.timeLimit(.minutes(1))) func aRevocationOfSomebodyElsesStays() async throws {
        try await SSHHost.with { host in
            let backend = try await host.backend()
            let key = host.scratch.file("keys/theirs")
            try await SSHHost.makeKey(key)
            let added = try await execute("ssh-keygen", ["-q", "-k", "-u", "-f", host.krl, key + ".pub"])
            #expect(added.code == 0, "\(added.errors)")
            let order = try host.order()
            _ = try await backend.give(order)
            try await backend.end([order.id])
            let asked = try await execute("ssh-keygen", ["-Q", "-f", host.krl, key + ".pub"])
            #expect(asked.code != 0 && asked.output.contains("REVOKED"))
            #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
        }
    }
}
