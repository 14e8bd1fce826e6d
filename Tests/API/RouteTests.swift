import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewAPI

/// The OpenAPI document, the routes and the answers say the same.
@Suite struct RouteTests {
    private func routes(_ house: House) -> [Route] {
        let feed = EventFeed()
        let source = JournalSource(path: house.settings.journal)
        let secrets = Dictionary(uniqueKeysWithValues: Webhooks.Forge.allCases.map { ($0, "/none") })
        return Routes(
            host: house.host, journal: source, stream: EventStream(feed: feed, journal: source, heartbeat: .seconds(1)),
            hooks: Webhooks(secrets: secrets, memory: DeliveryMemory(), fetch: {}),
            console: ConsoleRoutes(
                host: house.host, journal: source,
                doorman: Doorman(
                    way: .address, tokens: nil, identities: nil, allowsAnonymousViewers: true, sessions: ConsoleSessions(),
                    cookie: SessionCookie(instance: "test", isSecure: false)))
        ).all.filter { !$0.isPage }
    }

    @Test(.timeLimit(.minutes(1))) func theDocumentListsTheRoutesAndNoOthers() async throws {
        var house = try House()
        for forge in ["github", "gitlab", "gitea", "generic"] { house.settings.webhooks[forge] = "/none" }
        let table = Set(routes(house).map { "\($0.method.rawValue.lowercased()) \($0.path)" })
        try await house.run { port in
            let document = try await ask("http://127.0.0.1:\(port)/api/openapi.json").json
            #expect(document["openapi"] as? String == "3.1.0")
            let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
            let listed = Set(paths.flatMap { path, methods in methods.keys.map { "\($0) \(path)" } })
            #expect(listed == table)
            let identifiers = paths.values.flatMap { $0.values.compactMap { $0["operationId"] as? String } }
            #expect(Set(identifiers).count == identifiers.count && identifiers.count == table.count)
            // Each of them is there: whatever it says, it is not 404 for the route itself.
            for path in paths.keys where !path.contains("{") && !path.hasSuffix("stream") && !path.hasSuffix("changes") {
                for method in try #require(paths[path]).keys {
                    let answer = try await ask("http://127.0.0.1:\(port)\(path)", "-X", method.uppercased())
                    #expect(answer.code != 404 && answer.code != 405 && answer.code != 500, "\(method) \(path): \(answer)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func answersFitTheirSchemas() async throws {
        let house = try House()
        for kind in ["grant.refused", "source.held", "bundle.held", "attempt.refused", "rollout.failed"] {
            try await house.append(kind, "x", workload: "web", details: ["grant": "alice-1"])
        }
        let session = [
            "recording": "r1", "grant": "alice-1", "person": "alice", "workload": "web", "instance": "web-1", "command": "sh",
        ]
        try await house.append("session.started", "x", workload: "web", details: session)
        try await house.append(
            "session.ended", "x", workload: "web",
            details: session.merging(["seconds": "1.5", "why": "exited", "exitCode": "0", "sha256": "ab"]) { $1 })
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let document = try await ask("\(base)/api/openapi.json").json
            let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
            var checked = 0
            for (path, methods) in paths {
                guard let get = methods["get"], !path.hasSuffix("stream"), !path.hasSuffix("openapi.json") else { continue }
                let name = path.contains("grants") ? "alice-1" : "web"
                let answer = try await ask(base + path.replacing("{name}", with: name))
                #expect(answer.code == 200, "\(path): \(answer)")
                let content = try #require(
                    ((get["responses"] as? [String: [String: Any]])?["200"]?["content"]) as? [String: [String: Any]])
                guard let schema = content["application/json"]?["schema"] as? [String: Any] else { continue }
                let value = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
                let problems = SchemaCheck.problems(value, schema, path)
                #expect(problems.isEmpty, "\(problems)")
                checked += 1
            }
            #expect(checked >= 12)
            let problem = try #require(
                ((document["components"] as? [String: Any])?["schemas"] as? [String: Any])?["Problem"] as? [String: Any])
            let missing = try await ask("\(base)/api/v1/workloads/none")
            #expect(missing.code == 404 && missing.headers["content-type"] == "application/problem+json")
            #expect(SchemaCheck.problems(missing.json, problem, "problem").isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1))) func eventsPageAndFilter() async throws {
        let house = try House()
        for number in 1...5 { try await house.append("a.x", "m\(number)", workload: number % 2 == 0 ? "web" : "db") }
        try await house.append("b.y", "m6")
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)/api/v1/events"
            func sequences(_ query: String) async throws -> [Int] {
                (try await ask(base + query).json["events"] as? [[String: Any]] ?? []).compactMap { $0["sequence"] as? Int }
            }
            #expect(try await sequences("") == [1, 2, 3, 4, 5, 6])
            #expect(try await sequences("?limit=2") == [5, 6])
            #expect(try await sequences("?after=0&limit=2") == [1, 2])
            #expect(try await sequences("?after=2&limit=2") == [3, 4])
            #expect(try await sequences("?kind=b") == [6])
            #expect(try await sequences("?workload=web&after=0") == [2, 4])
            #expect(try await ask(base + "?after=6").json["next"] as? Int == 6)
            for bad in [
                "?limit=0", "?limit=1001", "?limit=x", "?after=-1", "?after=99999999999999999999", "?nope=1",
                "?limit=1&limit=2",
                "?limit", "?workload=A", "?kind=%27%20OR%201", "?kind=\(String(repeating: "a", count: 300))", "?after=%zz",
                "?limit=%2B5", "?workload=%00",
            ] {
                let answer = try await ask(base + bad)
                #expect(answer.code == 400 && answer.headers["content-type"] == "application/problem+json", "\(bad): \(answer)")
            }
        }
    }

    @Test func anAnswerWithEventsIsBounded() {
        let events = (1...1000).map { number in
            JournalEvent(
                sequence: Int64(number), at: Instant(milliseconds: 0), kind: "a.b", message: "",
                details: ["x": String(repeating: "y", count: 65_536)])
        }
        let first = Routes.fitting(events, fromTheEnd: false)
        #expect(first.first?.sequence == 1 && (100...130).contains(first.count))
        #expect(Routes.fitting(events, fromTheEnd: true).last?.sequence == 1000)
        #expect(Routes.fitting([], fromTheEnd: true).isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func textAndVerdictsAndHealth() async throws {
        let house = try House()
        try await house.append("grant.refused", "alice-1 gives no access: <b>", details: ["grant": "alice-1/abc"])
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let logs = try await ask("\(base)/api/v1/workloads/web/logs?lines=3")
            #expect(logs.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(logs.body.split(separator: "\n").count == 3 && !logs.body.contains("\u{1B}"))
            #expect(try await ask("\(base)/api/v1/workloads/nope/logs").code == 404)
            #expect(try await ask("\(base)/api/v1/workloads/web/logs?lines=10001").code == 400)
            let large = try await ask("\(base)/api/v1/workloads/web/logs?lines=10000")
            #expect(large.code == 200 && large.body.utf8.count <= 4 << 20 && large.body.hasSuffix("<script>\n"))
            let verdicts = try await ask("\(base)/api/v1/verdicts").json["verdicts"] as? [[String: Any]] ?? []
            #expect(verdicts.compactMap { $0["about"] as? String } == ["commit", "bundle", "grant", "grant"])
            #expect(verdicts.last?["subject"] as? String == "alice-1/abc")
            #expect(try await ask("\(base)/readyz").code == 200)
            house.host.set(ready: false)
            let sick = try await ask("\(base)/readyz")
            #expect(sick.code == 503 && sick.json["ready"] as? Bool == false)
            #expect(try await ask("\(base)/healthz").code == 200)
        }
    }
}

/// As much of JSON Schema as the document uses, and strict about what it does not know.
enum SchemaCheck {
    static func problems(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        if let words = schema["enum"] as? [String] {
            return words.contains(value as? String ?? "\u{0}") ? [] : ["\(path): \(value) is none of \(words)"]
        }
        switch schema["type"] as? String {
        case "string":
            guard let text = value as? String else { return ["\(path): no text: \(value)"] }
            let isMoment = schema["format"] as? String == "date-time"
            return isMoment && (try? Date(text, strategy: .iso8601)) == nil ? ["\(path): no moment: \(text)"] : []
        case "integer", "number", "boolean": return value is NSNumber ? [] : ["\(path): no number: \(value)"]
        case "array":
            guard let list = value as? [Any], let items = schema["items"] as? [String: Any] else { return ["\(path): no list"] }
            return list.enumerated().flatMap { problems($1, items, "\(path)[\($0)]") }
        case "object":
            guard let fields = value as? [String: Any] else { return ["\(path): no object"] }
            if let free = schema["additionalProperties"] as? [String: Any] {
                return fields.flatMap { problems($1, free, "\(path).\($0)") }
            }
            let known = schema["properties"] as? [String: [String: Any]] ?? [:]
            let missing = (schema["required"] as? [String] ?? []).filter { fields[$0] == nil }.map { "\(path): no \($0)" }
            return missing
                + fields.flatMap { name, value in
                    known[name].map { problems(value, $0, "\(path).\(name)") } ?? ["\(path): unknown \(name)"]
                }
        default: return ["\(path): a schema that is not known: \(schema)"]
        }
    }
}
