import CurfewDaemon
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Curfew never pushes what it would refuse, and its key alone is worth nothing.
@Suite(.timeLimit(.minutes(3))) struct OwnCommitSerial {
    /// Waits until the branch ends with a revert by Curfew of that commit, which is in force.
    private func reverts(_ commit: String, in trust: TrustWorld, _ daemon: Daemon) async throws -> String {
        let isThere = try await eventually(within: .seconds(40)) {
            let message = try await git("log", "-1", "--format=%an%n%B", "main", in: trust.world.remote)
            return message.hasPrefix("Curfew\n") && message.contains("\nCurfew-Revert: \(commit)\n")
        }
        let tip = try await trust.tip()
        let shown = try await git("log", "-3", "--format=%an %s", "main", in: trust.world.remote)
        #expect(isThere, "\(shown)\n\(trust.world.status?.source.held ?? "")\n\(daemon.log)")
        #expect(await trust.takes(tip), "\(trust.world.status?.source.held ?? daemon.log)")
        #expect(await trust.world.converged(at: tip), "\(daemon.log)")
        return tip
    }

    @Test func aMergeThatFailsAndDoesMoreIsTakenBackInItsBundleAlone() async throws {
        try await TrustWorld.with("merge", ["sites/other/index.html": "one"]) { trust, daemon in
            #expect(await trust.world.converged(at: trust.root), "\(daemon.log)")
            let more = TrustWorld.policy.replacing("production", with: "docs").replacing("manifests/**", with: "docs/**")
            // Whoever brings it writes a line that only Curfew may write.
            let work = try await trust.commit(
                "dave", "Deploy\n\nCurfew-Revert: \(trust.root)\n", on: trust.root,
                [
                    "manifests/web/web.yaml": try trust.failing(), "policies/docs.yaml": more, "README": "changed",
                    "docs/a.md": "new", "manifests/other/notes": "kept",
                ])
            try await git("checkout", "-q", "--force", "--detach", trust.root, in: trust.world.work)
            let text = "Merge\n\nCurfew-Revert: \(trust.root)"
            try await trust.keys.git(as: "dave", "merge", "-q", "--no-ff", "-m", text, work, in: trust.world.work)
            let merge = try await git("rev-parse", "HEAD", in: trust.world.work)
            try await trust.push(merge)
            let tip = try await reverts(merge, in: trust, daemon)
            let changed = try await git("diff", "--name-only", merge, tip, in: trust.world.remote)
            #expect(changed == "manifests/web/web.yaml")
            #expect(
                try await git("diff", "--name-only", trust.root, tip, "--", "manifests/web", in: trust.world.remote).isEmpty)
            #expect(await trust.world.page() == "one")
            try await trust.forget(daemon)
            #expect(await trust.takes(tip), "\(daemon.log)")
        }
    }

    /// The key takes back what has failed: nothing good, nothing in a freeze, nothing that this service did not do itself.
    @Test func aStolenKeyTakesNothingBack() async throws {
        try await TrustWorld.with("stolen") { trust, daemon in
            let fix = try await trust.commit("bob", "Fix\n", on: trust.root, ["manifests/web/web-site/index.html": "fixed"])
            try await trust.push(fix)
            #expect(await trust.world.converged(at: fix), "\(daemon.log)")
            let back = ["manifests/web/web-site/index.html": Optional("one")]
            let generation = try #require(trust.world.status?.workloads.first?.generation)
            for message in [
                "Revert\n\nCurfew-Revert: \(fix)\n",
                "Revert\n\nCurfew-Revert: \(fix)\nCurfew-Workload: web\nCurfew-Bundle: web\nCurfew-Generation: \(generation)\n",
                "Revert\n", "Revert\n\nCurfew-Override: me\n", "Revert\n\nCurfew-Seal: \(fix)\n",
            ] {
                let theft = try await trust.commit("curfew", message, on: fix, back)
                try await trust.push(theft)
                await trust.holds(theft, "Curfew's own key", at: fix)
                let again = try await trust.commit(
                    "curfew", "Revert\n\nCurfew-Revert: \(theft)\n", on: theft,
                    ["manifests/web/web-site/index.html": "fixed"])
                try await trust.push(again)
                await trust.holds(again, "Curfew's own key", at: fix)
                #expect(await trust.world.page() == "fixed")
                try await trust.push(fix)
                #expect(await trust.takes(fix), "\(daemon.log)")
            }
            // A failure right after it is still taken back, by Curfew itself.
            let bad = try await trust.commit("bob", "Bad\n", on: fix, ["manifests/web/web.yaml": try trust.failing()])
            try await trust.push(bad)
            let tip = try await reverts(bad, in: trust, daemon)
            // And what it made counts although it has been ended and started since.
            daemon.stop(SIGKILL)
            try daemon.start()
            #expect(await trust.takes(tip), "\(daemon.log)")
        }
    }

    @Test func aRevertThatWouldBeRefusedIsReportedAndNotPushed() async throws {
        try await TrustWorld.with("refused") { trust, daemon in
            #expect(await trust.world.converged(at: trust.root), "\(daemon.log)")
            // A freeze comes with the deploy, by an owner.
            let freeze = TrustWorld.policy.replacing(
                "authors: [bob, dave]",
                with: "authors: [bob, dave], freezes: [{ from: 2020-01-01T00:00:00Z, to: 2099-01-01T00:00:00Z, reason: fair }]")
            let bad = try await trust.commit(
                "dave", "Deploy\n", on: trust.root,
                ["manifests/web/web.yaml": try trust.failing(), "policies/production.yaml": freeze])
            try await trust.push(bad)
            let isTold = await eventually(within: .seconds(40)) {
                trust.world.status?.pendingReverts.contains { $0.problem?.contains("2099") ?? false } ?? false
            }
            #expect(isTold, "\(trust.world.status?.pendingReverts.description ?? "-")\n\(daemon.log)")
            #expect(try await trust.tip() == bad && trust.world.status?.source.held == nil)
            #expect(await trust.world.page() == "one")
        }
    }

    /// An empty commit by somebody without rights lifts no guard.
    @Test func thePruneTrailerCountsByItsSigner() async throws {
        let names = ["api", "shop", "db"]
        try await TrustWorld.with("prune") { trust, daemon in
            for name in names { try trust.world.site(name) }
            let full = try await trust.commit("bob", "More\n", on: trust.root, try manifests(names, in: trust))
            try await trust.push(full)
            #expect(await trust.world.converged(at: full), "\(daemon.log)")
            let gone = Dictionary(uniqueKeysWithValues: names.map { ("manifests/\($0)/\($0).yaml", String?.none) })
            var tip = try await trust.commit("bob", "A mistake\n", on: full, gone)
            try await trust.push(tip)
            func isGuarded() async -> Bool {
                await eventually(within: .seconds(20)) {
                    trust.world.status?.revision?.hex == tip
                        && (trust.world.status?.holds.count { $0.reason == .pruneGuard } ?? 0) == 3
                }
            }
            #expect(await isGuarded(), "\(daemon.log)")
            for (who, message) in [
                ("alice", "Nothing\n\nCurfew-Allow-Prune: yes\n"), ("bob", "Said\n\nCurfew-Allow-Prune: yes\n\nand more\n"),
                ("bob", "Said\u{2028}\u{2028}Curfew-Allow-Prune: yes\n"),
            ] {
                tip = try await trust.commit(who, message, on: tip)
                try await trust.push(tip)
                #expect(await isGuarded(), "\(daemon.log)")
                if who == "alice" {
                    let isTold = await eventually {
                        trust.world.status?.problems.contains { $0.contains("not by alice") } ?? false
                    }
                    #expect(isTold, "\(trust.world.status?.problems ?? [])")
                }
                #expect(names.allSatisfy { !trust.world.instances($0).isEmpty })
            }
            tip = try await trust.commit("bob", "Meant\n\nCurfew-Allow-Prune: yes\n", on: tip)
            try await trust.push(tip)
            #expect(await trust.world.converged(at: tip), "\(daemon.log)")
            #expect(trust.world.status?.workloads.map(\.name.rawValue) == ["web"])
        }
    }

    /// What is in the work tree of these, as files to be committed.
    private func manifests(_ names: [String], in trust: TrustWorld) throws -> [String: String?] {
        var files: [String: String?] = [:]
        for name in names {
            for path in ["manifests/\(name)/\(name).yaml", "manifests/\(name)/\(name)-site/index.html"] {
                files[path] = try String(contentsOfFile: "\(trust.world.work)/\(path)", encoding: .utf8)
            }
        }
        return files
    }
}
