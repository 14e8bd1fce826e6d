import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
import Foundation

/// One swarm belongs to one Curfew. The claim is a configuration object of a fixed name, whose labels say whose it is; the
/// swarm makes one of a name only once, so of two that begin together one wins.
enum SwarmClaim {
    static let name = "curfew-claim"

    /// Takes the swarm, or finds that it is ours already.
    /// - Throws: ``DriverError`` when it belongs to another Curfew; then nothing is to be touched there.
    static func take(_ pool: ManagerPool, owner: String, state: String) async throws {
        let labels = EngineClaim.labels(owner: owner, state: state)
        let found = try await pool.ask("claim the swarm") { client in
            do { return try await client.config(name).Spec.Labels ?? [:] } catch let error as DockerError where error.isNotFound
            {
                do {
                    try await client.createConfig(name: name, labels: labels, Data(owner.utf8))
                    return labels
                } catch let error as DockerError where error.isConflict {
                    return try await client.config(name).Spec.Labels ?? [:]
                }
            }
        }
        try EngineClaim.check(
            found, owner: owner, of: "the swarm", at: pool.place, remedy: "docker config rm \(name)")
    }
}
