import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Revisions that must not hurt what runs.
@Suite struct BadRevisionSerial {
    @Test(.timeLimit(.minutes(2))) func aMistakeStaysInItsBundleAndDependentsWait() async throws {
        let world = try await World("bundles")
        try world.site("web")
        try world.site("api")
        try world.site("shop", extra: "  dependsOn: [api]\n")
        let first = try await world.push("First")
        try await world.withDaemon { _ in
            #expect(await world.converged(at: first))
            let api = world.instances("api")
            try world.site("web", page: "two")
            try world.site("shop", page: "two", extra: "  dependsOn: [api]\n")
            try world.scratch.write(
                "work/manifests/api/api.yaml",
                "apiVersion: curfew/v1\nkind: Workload\nmetadata: { name: api }\nspec: { replica: 3 }\n")
            let second = try await world.push("Second")
            #expect(await eventually { world.status?.revision?.hex == second && world.status?.state == .held })
            #expect(await eventually { world.status?.workloads.first { $0.name.rawValue == "web" }?.state == .converged })
            let status = try #require(world.status)
            #expect(Set(status.heldBundles.map(\.bundle.rawValue)) == ["api", "shop"])
            #expect(status.heldBundles.flatMap(\.diagnostics).contains { $0.file == "manifests/api/api.yaml" && $0.line == 4 })
            #expect(world.instances("api") == api)
        }
    }

    @Test(.timeLimit(.minutes(2))) func nothingIsDeletedByAnEmptySourceOrARewrite() async throws {
        let world = try await World("guard")
        for name in ["web", "api", "shop"] { try world.site(name) }
        let first = try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged(at: first))
            let before = ["web", "api", "shop"].flatMap(world.instances)
            try await git("rm", "-rq", "manifests/api", "manifests/shop", in: world.work)
            let second = try await world.push("Remove most")
            #expect(await eventually { world.status?.revision?.hex == second && !(world.status?.holds.isEmpty ?? true) })
            #expect(["web", "api", "shop"].flatMap(world.instances) == before)
            // A rewritten branch is held.
            try await git("checkout", "-q", "--orphan", "other", in: world.work)
            try await git("commit", "-qm", "Rewritten", in: world.work)
            try await git("push", "-qf", "origin", "HEAD:main", in: world.work)
            #expect(await eventually { world.status?.source.held?.contains("rewritten") ?? false })
            #expect(world.status?.revision?.hex == second)
            #expect(["web", "api", "shop"].flatMap(world.instances) == before)
            // The branch is gone.
            try await git("update-ref", "-d", "refs/heads/main", in: world.remote)
            #expect(await eventually { world.status?.source.problem != nil })
            #expect(["web", "api", "shop"].flatMap(world.instances) == before)
        }
    }

    @Test(.timeLimit(.minutes(2))) func pruningMostIsAllowedByATrailer() async throws {
        let world = try await World("prune")
        for name in ["web", "api", "shop"] { try world.site(name) }
        let first = try await world.push("First")
        try await world.withDaemon { _ in
            #expect(await world.converged(at: first))
            try await git("rm", "-rq", "manifests/api", "manifests/shop", in: world.work)
            let second = try await world.push("Remove most\n\nCurfew-Allow-Prune: yes")
            #expect(await world.converged(at: second))
            #expect(world.status?.workloads.map(\.name.rawValue) == ["web"])
        }
    }

    @Test(.timeLimit(.minutes(2))) func withTheGitHostGoneInstancesHealAndALocalRollbackWorks() async throws {
        let world = try await World("offline")
        try world.site(port: world.port)
        try await world.push("First")
        try world.site(page: "two", port: world.port)
        let second = try await world.push("Second")
        try await world.withDaemon { _ in
            #expect(await world.converged(at: second))
            rename(world.remote, world.remote + ".away")
            #expect(await eventually { world.status?.source.problem != nil && world.status?.source.failingSince != nil })
            let before = world.instances()
            try await world.killInstances()
            #expect(await eventually { world.instances() != before && world.status?.workloads.first?.state == .converged })
            #expect(await world.page() == "two")
            let back = try await world.curfew("rollback", "--local", "web")
            #expect(back.code == 0, "\(back.errors)")
            #expect(await eventually(within: .seconds(20)) { await world.page() == "one" })
            rename(world.remote + ".away", world.remote)
            #expect(
                try await eventually(within: .seconds(40)) {
                    try await git("log", "-1", "--format=%B", "main", in: world.remote).contains("Curfew-Revert: \(second)")
                })
            let tip = try await git("rev-parse", "main", in: world.remote)
            #expect(await world.converged(at: tip))
            #expect(await world.page() == "one")
        }
    }
}
