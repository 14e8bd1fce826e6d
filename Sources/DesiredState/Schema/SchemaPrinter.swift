internal import CurfewModel

/// Turns the decoder's tables into JSON Schema.
enum SchemaPrinter {
    static let namePattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
    static let portsPattern = "^[0-9]{4,5}-[0-9]{4,5}$"

    static func value(_ form: Form) -> [String: JSONText] {
        switch form {
        case .text(let pattern, let maximum):
            var schema: [String: JSONText] = ["type": .text("string"), "maxLength": .integer(maximum)]
            if let pattern { schema["pattern"] = .text(pattern) }
            return schema
        case .name: return ["type": .text("string"), "pattern": .text(namePattern), "maxLength": .integer(63)]
        case .choice(let words): return ["enum": .array(words.map { .text($0) })]
        case .integer(let range):
            return [
                "type": .text("integer"), "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            ]
        case .number(let range):
            return ["type": .text("number"), "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        case .span(let range):
            return [
                "type": .text("string"), "pattern": .text(Quantity.spanPattern),
                "description": .text("A duration from \(range.lowerBound) to \(range.upperBound)."),
            ]
        case .cpu(let range):
            return [
                "type": .array([.text("string"), .text("number")]), "pattern": .text(Quantity.cpuPattern),
                "minimum": .number(0.001),
                "description": .text("CPU from \(range.lowerBound) to \(range.upperBound); 1000m is one core."),
            ]
        case .bytes(let range):
            return [
                "type": .array([.text("string"), .text("integer")]), "pattern": .text(Quantity.bytesPattern),
                "minimum": .integer(Int(range.lowerBound.value)), "maximum": .integer(Int(range.upperBound.value)),
                "description": .text("An amount from \(range.lowerBound) to \(range.upperBound)."),
            ]
        case .list(let item, let count):
            return [
                "type": .text("array"), "items": .object(value(item)), "minItems": .integer(count.lowerBound),
                "maxItems": .integer(count.upperBound),
            ]
        case .map(let key, let item, let maximum):
            return [
                "type": .text("object"), "propertyNames": .object(["pattern": .text(key)]),
                "additionalProperties": .object(value(item)), "maxProperties": .integer(maximum),
            ]
        case .record(let shape): return record(shape)
        case .bool: return ["type": .text("boolean")]
        case .either(let plain, let shape): return ["anyOf": .array([.object(value(plain)), .object(record(shape))])]
        case .setting:
            let plain: [JSONText] = [.text("string"), .text("integer"), .text("boolean"), .text("array")]
            return ["type": .array(plain)]
        case .ports:
            return [
                "type": .text("string"), "pattern": .text(portsPattern),
                "description": .text("First and last port, within 1024-65535."),
            ]
        case .portOrRange:
            return [
                "type": .array([.text("string"), .text("integer")]), "pattern": .text(AllowField.port),
                "minimum": .integer(1), "maximum": .integer(65535),
                "description": .text("A port, or the first and the last of a range: 8000-8999."),
            ]
        }
    }

    static func record(_ shape: Shape) -> [String: JSONText] {
        var properties: [String: JSONText] = [:]
        for (name, form) in zip(shape.names, shape.forms) { properties[name] = .object(value(form)) }
        var schema: [String: JSONText] = [
            "type": .text("object"), "properties": .object(properties), "additionalProperties": .bool(false),
        ]
        if !shape.required.isEmpty { schema["required"] = .array(shape.required.map { .text(shape.names[$0]) }) }
        if !shape.alternatives.isEmpty {
            schema["oneOf"] = .array(
                shape.alternatives.map { .object(["required": .array($0.map { .text(shape.names[$0]) })]) })
            // `oneOf` alone would let half a group pass beside a whole one.
            var together: [String: JSONText] = [:]
            for group in shape.alternatives where group.count > 1 {
                for field in group {
                    together[shape.names[field]] = .array(group.filter { $0 != field }.map { .text(shape.names[$0]) })
                }
            }
            if !together.isEmpty { schema["dependentRequired"] = .object(together) }
        }
        if !shape.dependent.isEmpty { schema["allOf"] = .array(shape.dependent.map { .object(condition($0, shape)) }) }
        return schema
    }

    private static func condition(
        _ rule: (choice: Int, words: [String], field: Int, required: Bool), _ shape: Shape
    ) -> [String: JSONText] {
        let field = JSONText.object(["required": .array([.text(shape.names[rule.field])])])
        let choice = shape.names[rule.choice]
        let words: [String: JSONText] =
            rule.words.count == 1 ? ["const": .text(rule.words[0])] : ["enum": .array(rule.words.map { .text($0) })]
        var condition: [String: JSONText] = ["properties": .object([choice: .object(words)])]
        // A choice that is left out fulfils the condition where that word is its ordinary one.
        if !shape.ordinary.contains(where: { $0.choice == rule.choice && rule.words.contains($0.word) }) {
            condition["required"] = .array([.text(choice)])
        }
        var schema: [String: JSONText] = ["if": .object(condition), "else": .object(["not": field])]
        if rule.required { schema["then"] = field }
        return schema
    }
}
