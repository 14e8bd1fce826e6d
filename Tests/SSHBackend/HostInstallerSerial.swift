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

    private func install(_ bundle: HostBundle, on host: SSHHost, least: Int64 = 0, authority: String? = nil) throws {
        try HostInstaller.install(
            bundle, krl: host.krl, authority: authority, principals: host.principals, minimumVersion: least)
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
            key.authority = "SHA256:../../etc"
            var stranger = good
            stranger.authority = "SHA256:" + String(repeating: "A", count: 43)
            var older = good
            older.version -= 1
            bad += [cut, none, key, older]
            #expect(throws: DriverError.self) { try install(stranger, on: host, authority: good.authority) }
            try install(good, on: host, authority: good.authority)
            for bundle in bad {
                #expect(throws: DriverError.self) { try install(bundle, on: host) }
                #expect(FileManager.default.contents(atPath: host.krl) == before)
            }
            #expect(throws: DriverError.self) { try install(good, on: host, least: good.version + 1) }
        }
    }

    /// A list that revokes serials of an authority is taken for no other one, whatever the bundle says.
    @Test(.timeLimit(.minutes(1))) func aListOfAnotherAuthorityIsRefused() async throws {
        try await with { host, backend in
            let order = try host.order()
            _ = try await backend.give(order)
            try await backend.end([order.id])
            var bundle = try await backend.exported()
            bundle.authority = "SHA256:" + String(repeating: "A", count: 43)
            #expect(throws: DriverError.self) { try install(bundle, on: host) }
        }
    }

    /// What an administrator has put there stays: lists, files of principals, links.
    @Test(.timeLimit(.minutes(1))) func whatCurfewDidNotWriteStays() async throws {
        try await with { host, backend in
            _ = try host.install(try await backend.give(try host.order()))
            let bundle = try await backend.exported()
            let file = host.principals + "/" + host.account
            try FileManager.default.createDirectory(atPath: host.principals, withIntermediateDirectories: true)
            try "admin-team\n".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(throws: DriverError.self) { try install(bundle, on: host) }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "admin-team\n")
            unlink(file)
            let target = try host.scratch.write("target", PrincipalsFolder.marker + "\n")
            #expect(symlink(target, file) == 0)
            #expect(throws: DriverError.self) { try install(bundle, on: host) }
            #expect(try String(contentsOfFile: target, encoding: .utf8) == PrincipalsFolder.marker + "\n")
            unlink(file)
            // A list of the administrator's own.
            try await SSHHost.makeKey(host.scratch.file("leaked"))
            unlink(host.krl)
            #expect(try await execute("ssh-keygen", ["-q", "-k", "-f", host.krl, host.scratch.file("leaked.pub")]).code == 0)
            let before = FileManager.default.contents(atPath: host.krl)
            #expect(throws: DriverError.self) { try install(bundle, on: host) }
            #expect(FileManager.default.contents(atPath: host.krl) == before)
        }
    }
}
