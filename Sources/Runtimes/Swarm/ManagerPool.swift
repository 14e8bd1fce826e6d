import CurfewDockerAPI
import Synchronization

/// The managers of one swarm. Whoever answered last is asked first; one that is gone, that hangs, or that is no manager
/// (any more) is passed over. All calls may be repeated at another manager: what is made has a name that is there once.
final class ManagerPool: Sendable {
    private let clients: [DockerClient]
    private struct State {
        var last = 0
        /// Those that were found to be managers of the swarm.
        var proven: Set<Int> = []
        /// The swarm.
        var cluster: String?
    }
    private let state = Mutex(State())

    /// Connects to nobody.
    /// - Throws: ``DockerError`` when the TLS files cannot be used.
    init(_ endpoints: [DockerEndpoint], timeout: Duration) throws {
        clients = try endpoints.map { try DockerClient(endpoint: $0, timeout: timeout) }
    }

    /// All of them, for errors.
    var place: String { clients.map { "\($0.endpoint)" }.joined(separator: ", ") }

    func shutdown() async { for client in clients { await client.shutdown() } }

    /// Runs `body` with the first manager that can do it.
    /// - Throws: ``DockerError``: what a manager refused, or `unreachable` with every manager's reason.
    func ask<Value>(
        isolation: isolated (any Actor)? = #isolation, _ operation: String, _ body: (DockerClient) async throws -> Value
    ) async throws -> Value {
        let last = state.withLock(\.last)
        var reasons: [String] = []
        for index in [last] + clients.indices.filter({ $0 != last }) {
            let client = clients[index]
            do {
                try await prove(client, index)
                let value = try await body(client)
                state.withLock { $0.last = index }
                return value
            } catch let error as DockerError where Self.isElsewhere(error) {
                state.withLock { _ = $0.proven.remove(index) }
                reasons.append("\(client.endpoint): \(error.message)")
            }
        }
        throw DockerError(.unreachable, operation, "no manager of the swarm can be used: " + reasons.joined(separator: "; "))
    }

    /// What is wrong with each of them, for people; `nil` for one that can be used.
    func problems() async -> [(endpoint: String, problem: String?)] {
        var result: [(endpoint: String, problem: String?)] = []
        for (index, client) in clients.enumerated() {
            do {
                try await prove(client, index)
                result.append(("\(client.endpoint)", nil))
            } catch let error as DockerError {
                result.append(("\(client.endpoint)", error.message))
            } catch { result.append(("\(client.endpoint)", "\(error)")) }
        }
        return result
    }

    /// Whether another manager may do better.
    static func isElsewhere(_ error: DockerError) -> Bool {
        switch error.code {
        case .unreachable, .timedOut, .version: return true
        case .refused where error.status == 503: return true
        // A manager that lost the others, or whose leader has just gone.
        case .refused where error.status == 500:
            return ["does not have a leader", "lost quorum", "connection error", "deadline exceeded", "Unavailable"].contains {
                error.message.contains($0)
            }
        default: return false
        }
    }

    /// Makes sure that it is a manager, and of the same swarm as the others: another swarm knows none of our services, and
    /// what is not there gets replaced.
    private func prove(isolation: isolated (any Actor)? = #isolation, _ client: DockerClient, _ index: Int) async throws {
        if state.withLock({ $0.proven.contains(index) }) { return }
        let swarm = try await client.info().Swarm
        func refuse(_ why: String) -> DockerError { DockerError(.unreachable, "look for a manager", why) }
        switch swarm?.LocalNodeState ?? "inactive" {
        case "active": break
        case "locked": throw refuse("its swarm is locked; run there: docker swarm unlock")
        case "inactive": throw refuse("the engine is in no swarm; make one there with: docker swarm init")
        case let other: throw refuse("the engine is not ready in its swarm (\(other)): \(swarm?.Error ?? "")")
        }
        guard swarm?.ControlAvailable ?? false, let id = swarm?.Cluster?.ID, !id.isEmpty else {
            throw refuse(
                "it is a worker; name managers of the swarm in 'endpoints', or run on a manager: docker node promote NODE")
        }
        let known = state.withLock { state in
            if state.cluster == nil { state.cluster = id }
            if state.cluster == id { state.proven.insert(index) }
            return state.cluster
        }
        if known != id {
            throw refuse("it is a manager of another swarm than the others; 'endpoints' has to name managers of one swarm")
        }
    }
}
