/// JSON as a value, for the OpenAPI document.
indirect enum JSONValue: Encodable, Sendable, Equatable {
    case text(String)
    case integer(Int)
    case bool(Bool)
    case array([JSONValue])
    case object([String: JSONValue])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .bool(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

/// What an answer looks like, as JSON Schema (2020-12) has it.
indirect enum Schema: Sendable {
    case text
    /// RFC 3339.
    case moment
    case words([String])
    case integer
    case number
    case bool
    case list(Schema)
    /// Free names.
    case map(Schema)
    /// Known fields; those in `optional` may be left out, unknown ones never come.
    case fields([String: Schema], optional: [String: Schema])

    static func fields(_ fields: [String: Schema]) -> Schema { .fields(fields, optional: [:]) }

    var json: JSONValue {
        switch self {
        case .text: .object(["type": .text("string")])
        case .moment: .object(["type": .text("string"), "format": .text("date-time")])
        case .words(let words): .object(["type": .text("string"), "enum": .array(words.map { .text($0) })])
        case .integer: .object(["type": .text("integer")])
        case .number: .object(["type": .text("number")])
        case .bool: .object(["type": .text("boolean")])
        case .list(let item): .object(["type": .text("array"), "items": item.json])
        case .map(let value): .object(["type": .text("object"), "additionalProperties": value.json])
        case .fields(let fields, let optional):
            .object([
                "type": .text("object"), "additionalProperties": .bool(false),
                "required": .array(fields.keys.sorted().map { .text($0) }),
                "properties": .object(fields.merging(optional) { first, _ in first }.mapValues(\.json)),
            ])
        }
    }
}
