import CurfewModel
import NIOCore

/// Whom to ask, and how.
struct ProbeTarget: Sendable, Hashable {
    var id: InstanceID
    var check: HealthCheck
    /// Of the probed port; `nil` for a command, and for a port that the instance does not have.
    var endpoint: Endpoint?

    /// `nil` when there is nobody to ask: it does not run, or it has no health check.
    init?(_ instance: ObservedInstance) {
        // An engine that probes by itself is not asked by us as well: it reports.
        guard instance.state == .running, let check = instance.health, check.probe != .image else { return nil }
        (id, self.check) = (instance.id, check)
        switch check.probe {
        case .http(let port, _), .tcp(let port): endpoint = instance.endpoints[port]
        case .command, .image: endpoint = nil
        }
    }

    /// Asks once; `nil` = healthy, else the reason in words.
    func ask(_ lane: Lane, _ run: @escaping @Sendable (InstanceID, [String], Span) async throws -> Int32) async -> String? {
        let timeout = max(check.timeout, .milliseconds(1))
        switch check.probe {
        case .http(let port, let path):
            guard let endpoint else { return "the instance has no port \(port)" }
            // A line feed in the path would begin a header of somebody's choice.
            guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                return "the path \(path.escapingControls) cannot be asked for"
            }
            return await NetworkProbe.ask(endpoint, path: path, timeout: timeout)
        case .tcp(let port):
            guard let endpoint else { return "the instance has no port \(port)" }
            return await NetworkProbe.ask(endpoint, path: nil, timeout: timeout)
        case .image: return nil
        case .command(let command):
            do {
                let code = try await lane.ask(within: timeout) { [id] in try await run(id, command, timeout) }
                return code == 0 ? nil : "exit code \(code)"
            } catch is TimedOut { return "timed out after \(timeout)" } catch {
                return String(String(describing: error).prefix(300)).escapingControls
            }
        }
    }
}
