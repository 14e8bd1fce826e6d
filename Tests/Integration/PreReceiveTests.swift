import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// The hook of a repository that is pushed to: what Curfew would refuse never reaches the branch.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct PreReceiveSerial {
    @Test(.timeLimit(.minutes(2))) func refusesWhatTheServiceWouldRefuse() async throws {
        try await AccessWorld.with("hook") { world, _ in
            let remote = world.world.remote
            let hook = remote + "/hooks/pre-receive"
            try FileManager.default.createDirectory(atPath: remote + "/hooks", withIntermediateDirectories: true)
            try """
            #!/bin/sh
            exec \(world.world.program) check --pre-receive --root \(world.root) --owner dave --curfew-key \(world.world.key("curfew")).pub

            """.write(toFile: hook, atomically: false, encoding: .utf8)
            chmod(hook, 0o755)
            func push(_ person: String, _ what: String...) async throws -> ProgramResult {
                try await execute(
                    "git", ["push", "--force", "origin"] + what, in: world.world.clone(person),
                    environment: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"])
            }
            func tip() async throws -> String { try await git("rev-parse", "main", in: remote) }
            let before = try await tip()
            // Policies by somebody who is no owner; nobody's key; a rewrite; the end of the branch. On other branches all is taken.
            try await world.propose("alice", ["policies/more.yaml": "kind: Nothing\n"], branch: "more")
            let policies = try await push("alice", "HEAD:main")
            #expect(policies.code != 0 && policies.errors.contains("may only be changed by an owner"), "\(policies.errors)")
            try await world.propose("mallory", ["README": "mine"], branch: "mine")
            let stranger = try await push("mallory", "HEAD:main")
            #expect(stranger.code != 0 && stranger.errors.contains("nobody's in policies/"), "\(stranger.errors)")
            #expect(try await push("dave", ":main").code != 0)
            #expect(try await tip() == before)
            // Tags of another form.
            try await world.git("bob", "fetch", "-q", "origin")
            try await world.git("bob", "-c", "tag.gpgsign=false", "tag", "-f", "approvals/one/bob", "origin/main")
            #expect(try await push("bob", "refs/tags/approvals/one/bob").errors.contains("annotated tag"))
            try await world.git("bob", "tag", "-f", "-s", "-m", "x", "approvals/one/bob", "origin/main")
            #expect(try await push("bob", "refs/tags/approvals/one/bob").errors.contains("what it approves"))
            // A grant that fails its gates, and one that passes; its approval comes along.
            try await world.propose("alice", ["grants/long.yaml": world.grant("long", duration: "20h")], branch: "request/long")
            let long = try await push("alice", "HEAD:main")
            #expect(long.code != 0 && long.errors.contains("ask for less"), "\(long.errors)")
            let asked = try await world.curfew(
                "alice", "request", "debug", "--for", "5m", "--reason", "INC-1: x", "--name", "one")
            #expect(asked.code == 0, "\(asked.errors)")
            #expect(try await world.approve("bob", "one").code == 0)
            try await world.merge("alice", "request/one")
            #expect(await world.reaches("active"))
            #expect(try await world.curfew("alice", "give-back", "one").code == 0)
            // A rewrite, by somebody who may write all of it.
            try await world.refresh("alice")
            try await world.git("alice", "reset", "-q", "--hard", world.root)
            let rewritten = try await push("alice", "HEAD:main")
            #expect(rewritten.code != 0 && rewritten.errors.contains("rewritten"), "\(rewritten.errors)")
        }
    }
}
