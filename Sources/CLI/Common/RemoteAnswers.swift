import CurfewDaemon
import CurfewDesiredState
import CurfewModel
import Foundation

/// The part of `/api/v1/status` that people are shown.
struct RemoteStatus: Decodable {
    struct Source: Decodable {
        var url: String
        var branch: String
        var problem: String?
        var held: String?
    }
    struct Workload: Decodable {
        var name: String
        var generation: String?
        var desired: Int
        var ready: Int
        var address: String?
        var state: String
        var message: String?
    }
    var state: String
    var revision: String?
    var verified: Bool
    var trust: String
    var paused: String?
    var source: Source
    var workloads: [Workload]
    var problems: [String]

    init(_ data: Data) throws {
        do {
            self = try JSONDecoder().decode(RemoteStatus.self, from: data)
        } catch {
            throw DaemonError(.refused, operation: "read", subject: "the answer", "it is no status of Curfew's")
        }
    }

    func printText() {
        if let paused { Terminal.out(Terminal.paint("paused by \(paused.escapingControls)", .yellow)) }
        Terminal.out("state     \(Terminal.paint(state.escapingControls, state == "converged" ? .green : .yellow))")
        Terminal.out(
            "revision  \(short(revision) ?? "none")  \(verified ? "verified" : "not verified (trust.mode: \(trust.escapingControls))")"
        )
        Terminal.out("source    \(source.url.escapingControls) \(source.branch.escapingControls)")
        for trouble in [source.problem, source.held].compactMap({ $0 }) + problems {
            Terminal.out("problem   \(Terminal.paint(trouble.escapingControls, .red))")
        }
        guard !workloads.isEmpty else { return }
        Terminal.out("")
        Terminal.table(
            [["WORKLOAD", "READY", "GENERATION", "ADDRESS", "STATE"]]
                + workloads.map { workload in
                    let message = workload.message.map { "  " + $0.escapingControls } ?? ""
                    return [
                        workload.name.escapingControls, "\(workload.ready)/\(workload.desired)",
                        short(workload.generation) ?? "-",
                        workload.address?.escapingControls ?? "-", workload.state.escapingControls + message,
                    ]
                })
    }

    private func short(_ hash: String?) -> String? { hash.map { String($0.prefix(8)).escapingControls } }
}

/// `/api/v1/plan`.
struct RemotePlan {
    private struct Content: Decodable {
        struct Item: Decodable { var explanation: String }
        var revision: String?
        var steps: [Item]
        var holds: [Item]
    }
    /// As it was answered.
    let json: String
    private let content: Content

    /// Asks a daemon elsewhere, or that of the configuration.
    static func ask(_ remote: ServerClient?, _ configuration: ServiceConfiguration?) async throws -> RemotePlan {
        guard let client = remote ?? configuration.flatMap({ ServerClient($0) }) else {
            throw DaemonError(
                .refused, operation: "ask", subject: "the daemon",
                "its API is not on a Unix socket (api.listen); name it with --server and --token-file")
        }
        let data = try await client.ask(.GET, "/api/v1/plan")
        guard let content = try? JSONDecoder().decode(Content.self, from: data) else {
            throw DaemonError(.refused, operation: "read", subject: "the answer", "it is no plan of Curfew's")
        }
        return RemotePlan(json: String(decoding: data, as: UTF8.self), content: content)
    }

    /// Whether something is being done.
    var isPending: Bool { !content.steps.isEmpty }

    func printText() {
        for hold in content.holds { Terminal.out("\(Terminal.paint("hold", .yellow)) \(hold.explanation.escapingControls)") }
        for step in content.steps { Terminal.out(step.explanation.escapingControls) }
        let at = content.revision.map { " at " + String($0.prefix(8)).escapingControls } ?? ""
        let count = content.steps.count
        Terminal.out(count == 0 ? "nothing to do\(at)" : "\(count) change\(count == 1 ? "" : "s") going on\(at)")
    }
}
