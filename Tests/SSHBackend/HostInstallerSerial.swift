import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSSHBackend

/// What a remote host installs: whole, in order, and nothing that is not exactly of Curfew's form.
@Suite(.serialized, .enabled(if: geteuid() == 0, "accounts belong to root")) struct HostInstallerSerial {
    /// Curfew on one machine, whose own files no sshd reads; what it exports is installed for a real one.
    private func with(_ body: (SSHHost, SSHBackend) async throws -> Void) async throws {
        try await SSHHost.with { host in
            let backend = SSHBackend(
                configuration: SSHBackendConfiguration(
                    name: Name(literal: "far"), folder: host.state, ca: host.ca, principals: host.scratch.file("own")),
                now: { .current })
            try await backend.open()
            try await body(host, backend)
        }
    }

    private func install(_ bundle: HostBundle, on host: SSHHost, least: Int64 = 0) throws {
        try HostInstaller.install(
            bundle, krl: host.krl, caFile: host.scratch.file("ca"), principals: host.principals, minimumVersion: least)
    }

    @Test(.timeLimit(.minutes(1))) func opensAndEndsOnAnotherHost() async throws {
        try await with { host, backend in
            let order = try host.order()
            let certificate = try host.install(try await backend.give(order))
            #expect(try await !host.admits(certificate: certificate))
            let first = try await backend.exported()
            try install(first, on: host)
            try install(first, on: host)
            #expect(try await host.admits(certificate: certificate))
            try await backend.end([order.id])
            try install(try await backend.exported(), on: host)
            #expect(try await !host.admits(certificate: certificate))
            // An older bundle cannot bring it back.
            #expect(throws: DriverError.self) { try install(first, on: host) }
            #expect(try await !host.admits(certificate: certificate))
        }
    }

    @Test(.timeLimit(.minutes(1))) func aBundleOfAnotherFormChangesNothing() async throws {
        try await with { host, backend in
            let good = try await backend.exported()
            try install(good, on: host)
            let before = FileManager.default.contents(atPath: host.krl)
            var bad: [HostBundle] = []
            for lines in ["deploy", "cert-authority deploy", "expiry-time=\"20990101000000Z\" root", ""] {
                var bundle = good
                bundle.principals = [host.account: PrincipalsFolder.marker + "\n" + lines + "\n"]
                bad.append(bundle)
            }
            for account in ["../x", "-x", "", "a/b", "Root"] {
                var bundle = good
                bundle.principals = [account: PrincipalsFolder.marker + "\n"]
                bad.append(bundle)
            }
            var cut = good
            cut.krl.removeLast(cut.krl.count / 2)
            var none = good
            none.krl = []
            var key = good
            key.caPublicKey += "\nssh-ed25519 AAAA"
            var older = good
            older.version -= 1
            bad += [cut, none, key, older]
            for bundle in bad {
                #expect(throws: DriverError.self) { try install(bundle, on: host) }
                #expect(FileManager.default.contents(atPath: host.krl) == before)
            }
            #expect(throws: DriverError.self) { try install(good, on: host, least: good.version + 1) }
        }
    }
}
