import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A host that only reads the repository: what Curfew publishes is fetched, verified and installed for its sshd.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct HostSyncSerial {
    /// What a timer on that host runs.
    private func sync(_ world: AccessWorld, key: String = "curfew", from url: String? = nil) async throws -> ProgramResult {
        let scratch = world.world.scratch
        return try await execute(
            world.world.program,
            [
                "host", "sync", url ?? "file://" + world.world.remote, "--backend", "bastion", "--key",
                world.world.key(key) + ".pub", "--krl", world.host.krl, "--principals", world.host.principals, "--state",
                scratch.file("host"),
            ])
    }

    /// Whether the host is in step, and lets the certificate in or not.
    private func settles(_ world: AccessWorld, _ certificate: String, isIn: Bool) async throws -> Bool {
        try await eventually {
            guard try await sync(world).code == 0 else { return false }
            return try await world.logsIn(certificate) == isIn
        }
    }

    /// Another machine's view: its own sshd reads only what `curfew host sync` installs.
    @Test(.timeLimit(.minutes(2))) func opensAndEndsThroughGitAlone() async throws {
        try await AccessWorld.with("hosts", bastion: { _ in "publish: true, principals: own" }) { world, _ in
            let remote = world.world.remote
            #expect(try await eventually { try await sync(world).code == 0 })
            try await world.getAccess(for: "10m")
            let certificate = try await world.credentials()
            #expect(try await !world.logsIn(certificate))
            #expect(try await settles(world, certificate, isIn: true))
            let before = try await git("rev-parse", "refs/curfew/hosts/bastion", in: remote)
            #expect(try await world.curfew("alice", "give-back", "one").code == 0)
            #expect(try await settles(world, certificate, isIn: false))
            let after = try await git("rev-parse", "refs/curfew/hosts/bastion", in: remote)
            #expect(before != after)
            // The old one again, by whoever holds the remote: refused, and nothing comes back.
            try await git("update-ref", "refs/curfew/hosts/bastion", before, in: remote)
            let old = try await sync(world)
            #expect(old.code == 1 && old.errors.contains("older"), "\(old.errors)")
            #expect(try await !world.logsIn(certificate))
            // Somebody else's signature, and an address that is none.
            try await git("update-ref", "refs/curfew/hosts/bastion", after, in: remote)
            let foreign = try await sync(world, key: "mallory")
            #expect(foreign.code == 1 && foreign.errors.contains("not by Curfew"), "\(foreign.errors)")
            for url in ["--upload-pack=touch /tmp/x", "ext::sh -c true"] {
                #expect(try await sync(world, from: url).code != 0)
            }
            let gone = try await sync(world, from: "file:///nowhere")
            #expect(gone.code == 1 && gone.errors.contains("cannot be reached"))
            #expect(try await sync(world).code == 0)
        }
    }
}
