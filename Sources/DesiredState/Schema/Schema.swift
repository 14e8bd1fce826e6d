/// JSON Schema (draft 2020-12) of what people write, so that editors complete and check as they type.
///
/// Printed from the same tables that the decoder reads by. What a schema cannot say (ranges of durations, references,
/// what a runtime can do) stands in descriptions and is checked by `curfew validate`.
public enum Schema {
    /// Kinds that have a schema.
    public static let kinds: [String] = [
        "Workload", "Person", "Team", "Role", "AccessPolicy", "ChangePolicy", "Grant", "Configuration",
    ]

    private static let specs: [String: Shape] = [
        "Workload": WorkloadField.shape, "Person": PersonField.shape, "Team": TeamField.shape, "Role": RoleField.shape,
        "AccessPolicy": AccessPolicyField.shape, "ChangePolicy": ChangePolicyField.shape, "Grant": GrantField.shape,
    ]

    /// The schema of a kind as indented JSON with sorted keys, `nil` for an unknown kind.
    public static func json(for kind: String) -> String? {
        var schema: [String: JSONText]
        if let spec = specs[kind] {
            schema = EnvelopeField.schema(of: kind, spec)
        } else if kind == "Configuration" {
            schema = SchemaPrinter.record(ConfigurationField.shape)
        } else {
            return nil
        }
        schema["$schema"] = .text("https://json-schema.org/draft/2020-12/schema")
        schema["title"] = .text("Curfew \(kind)")
        return JSONText.object(schema).printed() + "\n"
    }
}

/// Just enough JSON to print a schema in a fixed order.
indirect enum JSONText {
    case text(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case array([JSONText])
    case object([String: JSONText])

    func printed(_ indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return Self.quoted(text)
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .bool(let value): return "\(value)"
        case .array(let items):
            return items.isEmpty
                ? "[]" : "[\n" + items.map { inner + $0.printed(inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let fields):
            let lines = fields.sorted { $0.key < $1.key }.map { "\(inner)\(Self.quoted($0.key)): \($0.value.printed(inner))" }
            return lines.isEmpty ? "{}" : "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
