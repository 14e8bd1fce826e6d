import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A host that only reads the repository: what Curfew publishes is fetched, verified and installed for its sshd.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct HostSyncSerial {
    /// What a timer on that host runs.
    private func sync(
        _ world: AccessWorld, key: String = "curfew", from url: String? = nil, backend: String = "bastion", root: String? = nil
    ) async throws -> ProgramResult {
        let scratch = world.world.scratch
        return try await execute(
            world.world.program,
            [
                "host", "sync", url ?? "file://" + world.world.remote, "--backend", backend, "--key",
                world.world.key(key) + ".pub", "--root", root ?? world.root, "--krl", world.host.krl, "--principals",
                world.host.principals, "--state",
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
            // Another backend's, another repository's.
            try await git("update-ref", "refs/curfew/hosts/other", after, in: remote)
            let other = try await sync(world, backend: "other")
            #expect(other.code == 1 && other.errors.contains("for something else"), "\(other.errors)")
            let elsewhere = try await sync(world, root: before)
            #expect(elsewhere.code == 1 && elsewhere.errors.contains("another repository"), "\(elsewhere.errors)")
            // A tree with all its files, signed by Curfew's key as a commit.
            let tree = try await git("rev-parse", "\(before)^{tree}", in: remote)
            let forged = try await execute(
                "git",
                [
                    "-c", "gpg.format=ssh", "-c", "user.signingkey=\(world.world.key("curfew"))", "-c", "user.name=x", "-c",
                    "user.email=x@example.org", "commit-tree", "-S", "-m", "x", tree,
                ], in: remote)
            let name = forged.output.trimmingCharacters(in: .newlines)
            try await git("update-ref", "refs/curfew/hosts/bastion", name, in: remote)
            let replayed = try await sync(world)
            #expect(replayed.code == 1 && replayed.errors.contains("older"), "\(replayed.errors)")
            try await git("update-ref", "refs/curfew/hosts/bastion", world.root, in: remote)
            let plain = try await sync(world)
            #expect(plain.code == 1 && plain.errors.contains("verify \(world.root.prefix(8))"), "\(plain.errors)")
        }
    }
}
