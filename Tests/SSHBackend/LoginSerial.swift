import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSSHBackend

/// What a certificate opens and for how long, by real logins.
@Suite(.serialized, .enabled(if: geteuid() == 0, "accounts belong to root")) struct SSHLoginSerial {
    @Test(.timeLimit(.minutes(1)), arguments: [true, false]) func opensUntilItIsEnded(usesPrincipals: Bool) async throws {
        try await SSHHost.with(usesPrincipals: usesPrincipals) { host in
            let backend = try await host.backend(usesPrincipals: usesPrincipals)
            let order = try host.order()
            let certificate = try host.install(try await backend.give(order))
            #expect(try await host.run("id -un", certificate: certificate).output == host.account + "\n")
            let seen = try await backend.evidence(order.id)
            // The login was over before anybody polled, and a log below /tmp is not sshd's alone: it may be unknown, never "not used".
            #expect(seen.used != false, "\(seen)")
            #expect(try await backend.evidence(order.id).lines.first?.contains("\(host.account) from 127.0.0.1") == true)
            try await backend.end([order.id])
            #expect(try await !host.admits(certificate: certificate))
            #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
            // Each of the two ends is enough by itself.
            guard usesPrincipals else { return }
            try FileManager.default.removeItem(atPath: host.krl)
            _ = try await host.backend(usesPrincipals: false)
            #expect(try await !host.admits(certificate: certificate))
        }
    }

    /// The last thing that Curfew does is to give; the host ends it by itself.
    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func endsByItselfWithTheBackendGone(usesPrincipals: Bool) async throws {
        try await SSHHost.with(usesPrincipals: usesPrincipals) { host in
            let end = Instant(milliseconds: (Instant.current.milliseconds / 1000 + 4) * 1000 + 700)
            let order = try host.order(ends: end)
            let given = try await host.backend(usesPrincipals: usesPrincipals).give(order)
            let certificate = try host.install(given)
            #expect(try await host.admits(certificate: certificate))
            let isRefused = try await eventually {
                let before = Instant.current
                let isIn = try await host.admits(certificate: certificate)
                #expect(!isIn || before < end)
                return !isIn
            }
            #expect(isRefused)
            let backend = try await host.backend(usesPrincipals: usesPrincipals)
            _ = await eventually { Instant.current >= end }
            #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
            await #expect(throws: DriverError.self) { try await backend.give(order) }
        }
    }

    @Test(.timeLimit(.minutes(1))) func anotherKeyOrAnotherAccountDoesNotGetIn() async throws {
        try await SSHHost.with { host in
            let backend = try await host.backend()
            let certificate = try host.install(try await backend.give(try host.order()))
            try await SSHHost.makeKey(host.scratch.file("keys/mallory"))
            #expect(try await !host.admits(certificate: certificate, key: host.scratch.file("keys/mallory")))
            let root = host.arguments(certificate: certificate).dropLast() + ["root@127.0.0.1", "exit 0"]
            #expect(try await execute("ssh", Array(root), environment: ["SSH_AUTH_SOCK": ""]).code != 0)
        }
    }

    @Test(.timeLimit(.minutes(1))) func givesWhatTheRoleAllowsAndNothingElse() async throws {
        try await SSHHost.with { host in
            let backend = try await host.backend()
            let forced = try host.install(
                try await backend.give(try host.order(["forceCommand": .text("echo forced; exit 3")])), as: "forced")
            let ran = try await host.run("id", certificate: forced)
            #expect(ran.output == "forced\n" && ran.code == 3)
            let far = try host.install(
                try await backend.give(try host.order(["sourceAddresses": .list([.text("192.0.2.0/24")])])), as: "far")
            #expect(try await !host.admits(certificate: far))
            let near = try host.install(
                try await backend.give(try host.order(["sourceAddresses": .list([.text("127.0.0.0/8")])])), as: "near")
            #expect(try await host.admits(certificate: near))
            // No forwarding unless it is asked for.
            let tunnel = try freePort()
            let forwarding = ["ExitOnForwardFailure=yes", "RemoteForward=\(tunnel) 127.0.0.1:\(host.port)"]
            #expect(try await host.run("exit 0", certificate: near, forwarding).code != 0)
        }
    }

    @Test(.timeLimit(.minutes(1))) func theAuthorityMayBeInAnAgent() async throws {
        try await SSHHost.with { host in
            let socket = host.scratch.file("agent")
            let agent = try Server("ssh-agent", ["-D", "-a", socket], log: host.scratch.file("agent.log"))
            defer { withExtendedLifetime(agent) {} }
            #expect(await eventually { access(socket, F_OK) == 0 })
            #expect(try await execute("ssh-add", ["-q", host.ca], environment: ["SSH_AUTH_SOCK": socket]).code == 0)
            let configuration = SSHBackendConfiguration(
                name: Name(literal: "bastion"), folder: host.state, ca: host.ca + ".pub", agentSocket: socket, krl: host.krl,
                principals: host.principals)
            let backend = SSHBackend(configuration: configuration) { .current }
            try await backend.open()
            let order = try host.order()
            let certificate = try host.install(try await backend.give(order))
            #expect(try await host.admits(certificate: certificate))
            try await backend.end([order.id])
            #expect(try await !host.admits(certificate: certificate))
        }
    }
}
