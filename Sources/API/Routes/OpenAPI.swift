/// The OpenAPI 3.1 document, made from the table of routes.
enum OpenAPI {
    static func document(of routes: [Route]) -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for route in routes { paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route) }
        return .object([
            "openapi": .text("3.1.0"),
            "info": .object([
                "title": .text("Curfew"), "version": .text("v1"),
                "description": .text("Reads how Curfew stands. Nothing here changes desired state or gives access."),
            ]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "schemas": .object(["Problem": Schema.problem.json]),
                "securitySchemes": .object(["bearer": .object(["type": .text("http"), "scheme": .text("bearer")])]),
            ]),
        ])
    }

    private static func operation(_ route: Route) -> JSONValue {
        var parameters = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            parameter(String(part.dropFirst().dropLast()), "path", required: true, .text, "A DNS label.")
        }
        parameters += route.query.map { parameter($0.name, "query", required: false, $0.schema, $0.about) }
        if route.isStream {
            parameters.append(parameter("Last-Event-ID", "header", required: false, .integer, "Where to go on."))
        }
        if route.changes {
            parameters.append(
                parameter(
                    "X-Curfew-Request", "header", required: false, .text,
                    "Anything; needed without a bearer token, since no page of somebody else's can send it."))
        }
        var answers: [String: JSONValue] = [
            "\(route.status.code)": .object([
                "description": .text(route.status.reasonPhrase),
                "content": .object([route.contentType: .object(route.answer.map { ["schema": $0.json] } ?? [:])]),
            ])
        ]
        answers["default"] = .object([
            "description": .text("Why not (RFC 9457)."),
            "content": .object([
                "application/problem+json": .object([
                    "schema": .object(["$ref": .text("#/components/schemas/Problem")])
                ])
            ]),
        ])
        var operation: [String: JSONValue] = [
            "summary": .text(route.about), "responses": .object(answers), "operationId": .text(identifier(route)),
        ]
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        switch route.access {
        case .viewer, .operatorOnly: operation["security"] = .array([.object(["bearer": .array([])])])
        case .open, .hook: operation["security"] = .array([])
        }
        return .object(operation)
    }

    private static func identifier(_ route: Route) -> String {
        let words = route.path.split(whereSeparator: { "/{}.".contains($0) }).filter { $0 != "api" && $0 != "v1" }
        return ([route.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "-")
    }

    private static func parameter(
        _ name: String, _ place: String, required: Bool, _ schema: Schema, _ about: String
    ) -> JSONValue {
        .object([
            "name": .text(name), "in": .text(place), "required": .bool(required), "schema": schema.json,
            "description": .text(about),
        ])
    }
}
