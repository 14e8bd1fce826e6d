import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Approvals and publications that are real and meant for something else: an older time, another repository, another text.
@Suite(.enabled(if: geteuid() == 0, "accounts belong to root")) struct ApprovalAttackSerial {
    /// An approval tag of bob's with these lines, dated so.
    private func tag(_ world: AccessWorld, _ name: String, _ lines: [String], date: String? = nil) async throws {
        let reference = "approvals/\(name)/bob"
        var environment = ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"]
        environment["GIT_COMMITTER_DATE"] = date
        let made = try await execute(
            "git",
            ["tag", "-f", "-s", "-m", "Approve\n\n" + lines.joined(separator: "\n"), reference, "origin/request/\(name)"],
            in: world.world.clone("bob"), environment: environment)
        #expect(made.code == 0, "\(made.errors)")
        try await world.git("bob", "push", "-q", "--force", "origin", "refs/tags/\(reference)")
    }

    @Test(.timeLimit(.minutes(2))) func whatWasApprovedElsewhereOrLongAgoOpensNothing() async throws {
        try await AccessWorld.with("stale") { world, _ in
            let names = ["old", "other", "path", "former"]
            for name in names {
                try await world.propose("alice", ["grants/\(name).yaml": world.grant(name)], branch: "request/\(name)")
            }
            try await world.git("bob", "fetch", "-q", "origin")
            for name in names {
                let blob = try await world.git("bob", "rev-parse", "origin/request/\(name):grants/\(name).yaml")
                let root = name == "other" ? blob : world.root
                let path = name == "path" ? "grants/x.yaml" : "grants/\(name).yaml"
                var lines = ["Curfew-Approve: \(blob)", "Curfew-Root: \(root)", "Curfew-Path: \(path)"]
                if name == "former" { lines = [lines[0]] }
                try await tag(
                    world, name, lines, date: name == "old" ? "\(Int(Date().timeIntervalSince1970) - 300 * 86_400) +0000" : nil)
                try await world.merge("alice", "request/\(name)")
            }
            for name in names {
                #expect(await world.reaches("pending", name), "\(name) \(world.shown(name)?.state ?? "-")")
                #expect(world.shown(name)?.reasons.contains { $0.contains("approve again") || $0.contains("not for") } == true)
            }
            #expect(try world.isWithoutAccess())
            // They are no dead ends.
            #expect(try await world.approve("bob", "old").code == 0)
            #expect(await world.reaches("active", "old"))
        }
    }

    @Test(.timeLimit(.minutes(2))) func whatIsSignedIsWhatWasShown() async throws {
        try await AccessWorld.with("shown") { world, _ in
            try await world.propose("alice", ["grants/one.yaml": world.grant("one", duration: "1m")], branch: "request/one")
            try await world.git("bob", "fetch", "-q", "origin")
            let shown = try await world.git("bob", "rev-parse", "origin/request/one:grants/one.yaml")
            // Without a terminal nobody is asked, so the blob has to be named; what it is stands there.
            let bare = try await world.curfew("bob", "approve", "one")
            #expect(bare.code == 1 && bare.errors.contains("--yes \(shown)"), "\(bare.errors)")
            for part in ["alice", "debug", "1m", "INC-1: look", "oncall", shown] { #expect(bare.output.contains(part)) }
            // Meanwhile alice puts another text there.
            try await world.propose("alice", ["grants/one.yaml": world.grant("one", duration: "59m")], branch: "request/one")
            let late = try await world.curfew("bob", "approve", "one", "--yes", shown)
            #expect(late.code == 1 && late.errors.contains("read it again"), "\(late.errors)")
            let tags = try await git("for-each-ref", "refs/tags/approvals", in: world.world.remote)
            #expect(tags.isEmpty)
            #expect(try await world.approve("bob", "one").code == 0)
        }
    }

    /// Whoever may push references writes nothing into the folder of somebody's keys.
    @Test(.timeLimit(.minutes(2))) func aPublicationIsTakenFromCurfewAlone() async throws {
        try await AccessWorld.with("published") { world, _ in
            try await world.getAccess()
            _ = try await world.credentials()
            let reference = "refs/curfew/credentials/one"
            let remote = world.world.remote
            let home = world.world.scratch.file("home")
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let key = home + "/id"
            for end in ["", ".pub"] {
                try FileManager.default.copyItem(atPath: world.world.key("alice") + end, toPath: key + end)
            }
            for name in ["config", "authorized_keys"] {
                try "mine\n".write(toFile: home + "/" + name, atomically: false, encoding: .utf8)
            }
            func take(_ grant: String = "one") async throws -> ProgramResult {
                try await execute(
                    world.world.program, ["credentials", grant, "--key", key, "--wait", "0s"], in: world.world.clone("alice"),
                    environment: [
                        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": home,
                        "XDG_STATE_HOME": home,
                    ])
            }
            let good = try await git("rev-parse", reference, in: remote)
            // Files of somebody's, signed by nobody and by mallory.
            for name in ["config", "authorized_keys", "publication", "publication.sig"] {
                try "evil\n".write(toFile: world.world.clone("mallory") + "/" + name, atomically: false, encoding: .utf8)
            }
            try await world.git("mallory", "add", "-A")
            try await world.git("mallory", "commit", "-q", "-m", "x")
            try await world.git("mallory", "push", "-q", "--force", "origin", "HEAD:\(reference)")
            #expect(try await take().code == 1)
            // A file of the person's own is not written over, nor a link followed.
            try await git("update-ref", reference, good, in: remote)
            try "mine\n".write(toFile: key + "-cert.pub", atomically: false, encoding: .utf8)
            #expect(try await take().code == 1)
            #expect(try String(contentsOfFile: key + "-cert.pub", encoding: .utf8) == "mine\n")
            unlink(key + "-cert.pub")
            symlink(home + "/config", key + "-cert.pub")
            #expect(try await take().code == 1)
            unlink(key + "-cert.pub")
            let taken = try await take()
            #expect(taken.code == 0 && taken.output.contains("ssh -i \(key) \(world.host.account)@"), "\(taken)")
            // Under another grant's name it is for something else.
            try await git("update-ref", "refs/curfew/credentials/two", good, in: remote)
            #expect(try await take("two").code == 1)
            for name in ["config", "authorized_keys"] {
                #expect(try String(contentsOfFile: home + "/" + name, encoding: .utf8) == "mine\n")
            }
        }
    }
}
