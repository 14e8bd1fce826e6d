import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Killed at random moments of a scripted run of deploys and reverts, it converges, with no orphan and no second copy.
@Suite struct KillSerial {
    /// `CURFEW_KILLS=200` is the full run; the default keeps the test suite short.
    static let kills = ProcessInfo.processInfo.environment["CURFEW_KILLS"].flatMap(Int.init) ?? 25

    @Test(.timeLimit(.minutes(20))) func convergesAfterKillsAtRandomMoments() async throws {
        let world = try await World("kills")
        try world.site("web", page: "0", replicas: 2, port: world.port)
        try world.site("api", page: "0")
        try await world.push("First")
        var random = SystemRandomNumberGenerator()
        try await world.withDaemon { daemon in
            for round in 1...Self.kills {
                switch round % 4 {
                case 0:
                    // Somebody else may have pushed a revert: start from what is there.
                    try await git("pull", "-q", "--rebase", "origin", "main", in: world.work)
                    try await git("revert", "--no-edit", "HEAD", in: world.work)
                    try await git("push", "-q", "origin", "HEAD:main", in: world.work)
                default:
                    try await git("pull", "-q", "--rebase", "origin", "main", in: world.work)
                    try world.site("web", page: "\(round)", replicas: 2 + round % 2, port: world.port)
                    try await world.push("Round \(round)")
                }
                daemon.wake()
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<700, using: &random)))
                daemon.stop(SIGKILL)
                try daemon.start()
            }
            let tip = try await git("rev-parse", "main", in: world.remote)
            let converged = await world.converged(at: tip, within: .seconds(60))
            let told = try await world.curfew("status").output
            #expect(converged, "\(told)\n\(daemon.log.suffix(4000))")
            let status = try #require(world.status)
            for workload in status.workloads { #expect(workload.instances.count == workload.desired, "\(workload)") }
            // As many sandboxes as instances: no orphan is left of any killed start.
            let known = Set(status.workloads.flatMap(\.instances).map(\.id.rawValue))
            let folders = try FileManager.default.contentsOfDirectory(
                atPath: world.state.runtime(Name(literal: "local")) + "/instances")
            #expect(Set(folders) == known)
            #expect(await world.page() != nil)
            let verified = try await world.curfew("events", "--verify")
            #expect(verified.code == 0, "\(verified.errors)")
        }
    }
}
