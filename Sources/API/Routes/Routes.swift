import CurfewJournal
import CurfewModel
import CurfewViews
import HTTPTypes
import Hummingbird

/// The table of everything that can be asked for.
struct Routes: Sendable {
    let host: any APIHost
    let journal: JournalSource
    let stream: EventStream
    let hooks: Webhooks?
    let console: ConsoleRoutes
    let whole = StatusAnswer()

    var all: [Route] { api + console.all }

    private var api: [Route] {
        let base = state + [grants, grant, verdicts] + journalRoutes + control + health + (hooks.map { $0.routes } ?? [])
        return base + [openAPI(of: base)]
    }

    /// A name in a path or query that can be one.
    static func workloadName(_ text: String) throws(Problem) -> Name {
        guard let name = Name(text) else { throw .badRequest("that is no name: 1 to 63 of a-z, 0-9 and '-'") }
        return name
    }

    /// A name in a path: what cannot be one does not exist.
    static func pathName(_ call: Call) throws(Problem) -> Name {
        guard let name = call.parameters["name"].flatMap({ Name($0) }) else { throw .notFound("there is nothing of that name") }
        return name
    }

    private func openAPI(of routes: [Route]) -> Route {
        Route(
            method: .get, path: "/api/openapi.json", access: .open, about: "This document.",
            answer: .map(.text)
        ) { _ in JSONAnswer.response(OpenAPI.document(of: routes + [self.openAPI(of: [])])) }
    }
}

extension Routes {
    private var state: [Route] {
        [
            Route(
                method: .get, path: "/api/v1/status", access: .viewer, about: "How everything stands.", answer: Schema.status
            ) { _ in whole.response(await host.status()) },
            Route(
                method: .get, path: "/api/v1/workloads", access: .viewer, about: "Every workload, by name.",
                answer: .fields(["workloads": .list(Schema.workload)])
            ) { _ in JSONAnswer.response(WorkloadsView(workloads: await host.status().workloads)) },
            Route(
                method: .get, path: "/api/v1/workloads/{name}", access: .viewer, about: "One workload.",
                answer: Schema.workload
            ) { JSONAnswer.response(try await workload($0)) },
            Route(
                method: .get, path: "/api/v1/workloads/{name}/instances", access: .viewer, about: "Its instances.",
                answer: .fields(["instances": .list(Schema.instance)])
            ) { JSONAnswer.response(InstancesView(instances: try await workload($0).instances)) },
            Route(
                method: .get, path: "/api/v1/workloads/{name}/logs", access: .viewer,
                about: "The last lines of each instance, as text: the instance's id, a tab, the line.",
                query: [
                    Route.Query(
                        name: "lines", schema: .integer, about: "1 to 10,000 of each instance, 100 when left out; 4 MiB in all."
                    )
                ], contentType: "text/plain"
            ) { try await logs($0) },
            Route(
                method: .get, path: "/api/v1/plan", access: .viewer, about: "What is being done, and what deliberately not.",
                answer: Schema.plan
            ) { _ in JSONAnswer.response(await host.plan()) },
        ]
    }

    private func workload(_ call: Call) async throws -> WorkloadView {
        let name = try Self.pathName(call)
        guard let found = await host.status().workloads.first(where: { $0.name == name.rawValue }) else {
            throw Problem.notFound("there is no workload '\(name)'")
        }
        return found
    }

    /// Most bytes of logs in one answer.
    private static let maxLogs = 4 << 20

    private func logs(_ call: Call) async throws -> Response {
        let name = try Self.pathName(call)
        let lines = try call.number("lines", 1...10_000) ?? 100
        guard let found = try await host.logs(of: name, lines: Int(lines)) else {
            throw Problem.notFound("nothing of the name '\(name)' has written anything here")
        }
        var (kept, size): ([String], Int) = ([], 0)
        for line in found.reversed() {
            let next = "\(line.instance)\t\(line.text.escapingControls)\n"
            size += next.utf8.count
            guard size <= Self.maxLogs else { break }
            kept.append(next)
        }
        return JSONAnswer.text(kept.reversed().joined())
    }

    private var health: [Route] {
        [
            Route(
                method: .get, path: "/healthz", access: .open, about: "The process lives.", answer: .fields(["alive": .bool])
            ) { _ in JSONAnswer.response(AliveView()) },
            Route(
                method: .get, path: "/readyz", access: .open,
                about: "The loop has turned lately and the journal can be written; 503 when not.", answer: Schema.health
            ) { _ in
                let health = await host.health()
                return JSONAnswer.response(health, status: health.ready ? .ok : .serviceUnavailable)
            },
            Route(
                method: .get, path: "/metrics", access: .viewer, about: "Metrics in Prometheus' text format.",
                contentType: "text/plain"
            ) { _ in JSONAnswer.text(await host.metrics(), type: "text/plain; version=0.0.4; charset=utf-8") },
        ]
    }
}
