import CurfewDesiredState
import Foundation
import Testing

/// Makes documents out of a JSON Schema.
struct SampleMaker {
    struct Sample {
        var document: [String: Any]
        var valid: Bool
        var note: String
    }
    private struct Variants {
        var valid: [Any]
        var invalid: [(value: Any, note: String)]
    }
    private struct Unknown: Error { var what: String }

    let samples: [Sample]

    init(kind: String) throws {
        let text = try #require(Schema.json(for: kind))
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        let all = try Self.object(schema, kind)
        samples =
            all.valid.map { Sample(document: $0 as? [String: Any] ?? [:], valid: true, note: "valid") }
            + all.invalid.compactMap { item in
                (item.value as? [String: Any]).map { Sample(document: $0, valid: false, note: item.note) }
            }
    }

    private static let keys: [String: (valid: String, invalid: [String])] = [
        "^[A-Za-z_][A-Za-z0-9_]*$": ("A_1", ["1A", "a-b", ""]),
        "^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$": ("app/tier", ["-a", "a b", ""]),
        "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": ("local", ["A", "-a"]),
        "^[a-z][a-z0-9-]*$": ("github", ["A", "-a", "a b"]),
        "^[a-z][A-Za-z0-9]*$": ("memberOf", ["A", "a-b", "a b"]),
    ]

    private static func variants(_ schema: [String: Any], _ path: String) throws -> Variants {
        if let words = schema["enum"] as? [String] {
            return Variants(valid: words, invalid: [("nope", "\(path) enum"), (5, "\(path) type")])
        }
        if let either = schema["anyOf"] as? [[String: Any]] {
            // Both valid; what neither takes is left to the tests of each.
            return Variants(valid: try either.flatMap { try variants($0, path).valid }, invalid: [(5, "\(path) number")])
        }
        if schema["type"] as? String == "boolean" {
            return Variants(valid: [true, false], invalid: [("yes please", "\(path) text"), (5, "\(path) number")])
        }
        if (schema["type"] as? [String])?.contains("boolean") ?? false {
            return Variants(
                valid: ["a", 1, true, ["a", 2]], invalid: [(["a": 1], "\(path) mapping"), (1.5, "\(path) fraction")])
        }
        let types = schema["type"] as? [String] ?? [schema["type"] as? String ?? ""]
        if types.contains("object") { return try schema["properties"] == nil ? map(schema, path) : object(schema, path) }
        if types == ["array"] { return try list(schema, path) }
        var result = Variants(valid: [], invalid: [([1], "\(path) list"), (true, "\(path) boolean")])
        if types.contains("string") {
            let text = try string(schema, path)
            result.valid += text.valid
            result.invalid += text.invalid
            if types == ["string"] { result.invalid += [(5, "\(path) number"), (["a": 1], "\(path) mapping")] }
        }
        if types.contains("integer") || types.contains("number") {
            let step = types.contains("integer") ? 1.0 : 0.0001
            for (key, sign) in [("minimum", -1.0), ("maximum", 1.0)] {
                guard let bound = (schema[key] as? NSNumber)?.doubleValue else { continue }
                let whole = types.contains("integer")
                result.valid.append(whole ? Int(bound) as Any : bound)
                // Amounts of bytes have no sign, so below 0 there is nothing to try.
                result.invalid.append((whole ? Int(bound + sign * step) as Any : bound + sign * step, "\(path) \(key)"))
            }
            if types == ["integer"] { result.invalid.append((1.5, "\(path) fraction")) }
            if !types.contains("string") { result.invalid.append(("x", "\(path) text")) }
        }
        return result
    }

    private static func string(_ schema: [String: Any], _ path: String) throws -> Variants {
        let maximum = schema["maxLength"] as? Int
        if let description = schema["description"] as? String, description.hasPrefix("A duration from ") {
            let ends = description.dropFirst("A duration from ".count).dropLast().components(separatedBy: " to ").map(
                milliseconds)
            var invalid: [(Any, String)] = [
                ("1", "\(path) unit"), ("\(ends[1] + 1)ms", "\(path) above"), ("", "\(path) empty"),
            ]
            if ends[0] > 0 { invalid.append(("\(ends[0] - 1)ms", "\(path) below")) }
            return Variants(valid: ["\(ends[0])ms", "\(ends[1])ms"], invalid: invalid)
        }
        guard let pattern = schema["pattern"] as? String else {
            return Variants(
                valid: ["127.0.0.1"], invalid: maximum.map { [(String(repeating: "x", count: $0 + 1), "\(path) length")] } ?? []
            )
        }
        guard let known = patterns[pattern] else { throw Unknown(what: "\(path): \(pattern)") }
        return Variants(valid: known.valid, invalid: known.invalid.map { ($0, "\(path) pattern") })
    }

    /// `1h30m` → milliseconds.
    private static func milliseconds(_ text: String) -> Int {
        var (total, number, unit) = (0, 0, "")
        let sizes = ["h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1]
        for character in text + "0" {
            if let digit = character.wholeNumberValue {
                if !unit.isEmpty { (total, number, unit) = (total + number * (sizes[unit] ?? 0), 0, "") }
                number = number * 10 + digit
            } else {
                unit.append(character)
            }
        }
        return total
    }

    private static func list(_ schema: [String: Any], _ path: String) throws -> Variants {
        let items = try variants(schema["items"] as? [String: Any] ?? [:], path + "[]")
        let (least, most) = (schema["minItems"] as? Int ?? 0, schema["maxItems"] as? Int ?? 0)
        let first = items.valid[0]
        var result = Variants(valid: items.valid.map { [$0] }, invalid: items.invalid.map { ([$0.value], $0.note) })
        if least == 0 { result.valid.append([Any]()) } else { result.invalid.append(([Any](), "\(path) too few")) }
        result.invalid += [
            (Array(repeating: first, count: most + 1), "\(path) too many"), ("x", "\(path) text"),
            (["a": 1], "\(path) mapping"),
        ]
        return result
    }

    private static func map(_ schema: [String: Any], _ path: String) throws -> Variants {
        let pattern = (schema["propertyNames"] as? [String: Any])?["pattern"] as? String ?? ""
        guard let key = keys[pattern] else { throw Unknown(what: "\(path) keys: \(pattern)") }
        let values = try variants(schema["additionalProperties"] as? [String: Any] ?? [:], path + ".*")
        var result = Variants(
            valid: values.valid.map { [key.valid: $0] }, invalid: values.invalid.map { ([key.valid: $0.value], $0.note) })
        result.invalid += key.invalid.map { ([$0: values.valid[0]], "\(path) key \($0)") }
        result.invalid += [([1], "\(path) list"), ("x", "\(path) text")]
        let most = schema["maxProperties"] as? Int ?? 0
        result.invalid.append(
            (Dictionary(uniqueKeysWithValues: (0...most).map { ("k\($0)", values.valid[0]) }), "\(path) too many"))
        return result
    }

    private static func object(_ schema: [String: Any], _ path: String) throws -> Variants {
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        let required = schema["required"] as? [String] ?? []
        #expect(schema["additionalProperties"] as? Bool == false, "\(path)")
        let groups = (schema["oneOf"] as? [[String: Any]])?.compactMap { $0["required"] as? [String] } ?? []
        let rules = (schema["allOf"] as? [[String: Any]] ?? []).compactMap(rule)
        let all = try properties.reduce(into: [:] as [String: Variants]) {
            $0[$1.key] = try variants($1.value, "\(path).\($1.key)")
        }

        var base: [String: Any] = [:]
        for name in required + (groups.first ?? []) { base[name] = all[name]?.valid[0] }
        for rule in rules where rule.ordinary && rule.required { base[rule.field] = all[rule.field]?.valid[0] }
        // The word of a choice that is always there may ask for more.
        for rule in rules where rule.required && rule.words.contains(base[rule.choice] as? String ?? "") {
            base[rule.field] = all[rule.field]?.valid[0]
        }
        func with(_ name: String, _ value: Any) -> [String: Any] {
            var result = base
            // What goes with the word of the base may not go with another one.
            for rule in rules where rule.required && !rule.ordinary {
                let word = rules.first { $0.field == name }?.words[0] ?? (rule.choice == name ? value as? String : nil)
                if let word, !rule.words.contains(word) { result[rule.field] = nil }
            }
            if let group = groups.first(where: { $0.contains(name) }) {
                for other in groups.joined() { result[other] = nil }
                for other in group { result[other] = all[other]?.valid[0] }
            }
            for rule in rules {
                if rule.field == name {
                    result[rule.choice] = rule.words[0]
                    for other in rules where other.words.contains(rule.words[0]) && other.required {
                        result[other.field] = all[other.field]?.valid[0]
                    }
                }
                if rule.choice == name, let word = value as? String, rule.words.contains(word), rule.required {
                    result[rule.field] = all[rule.field]?.valid[0]
                }
                if rule.choice == name, rule.ordinary, value as? String != rule.words[0] { result[rule.field] = nil }
            }
            result[name] = value
            return result
        }

        var result = Variants(valid: [base], invalid: [([1], "\(path) list"), ("x", "\(path) text")])
        for (name, variants) in all.sorted(by: { $0.key < $1.key }) {
            for value in variants.valid { result.valid.append(with(name, value)) }
            for item in variants.invalid { result.invalid.append((with(name, item.value), item.note)) }
        }
        for name in required {
            var missing = base
            missing[name] = nil
            result.invalid.append((missing, "\(path) without \(name)"))
        }
        result.invalid.append((base.merging(["unknownField": 1]) { $1 }, "\(path) unknown field"))
        for group in groups {
            for name in group {
                var part = with(name, all[name]?.valid[0] ?? "")
                part[name] = nil
                result.invalid.append((part, "\(path) without \(name)"))
                if let other = groups.first(where: { $0 != group }) {
                    var both = with(name, all[name]?.valid[0] ?? "")
                    for field in other { both[field] = all[field]?.valid[0] }
                    result.invalid.append((both, "\(path) two of oneOf"))
                }
            }
        }
        for rule in rules {
            let words = (properties[rule.choice]?["enum"] as? [String] ?? []).filter {
                !rule.words.contains($0) && $0 != "canary"
            }
            for word in words {
                var wrong = with(rule.choice, word)
                wrong[rule.field] = all[rule.field]?.valid[0]
                result.invalid.append((wrong, "\(path) \(rule.field) with \(word)"))
            }
            if rule.required {
                var without = base
                without[rule.choice] = rule.words[0]
                without[rule.field] = nil
                result.invalid.append((without, "\(path) \(rule.words[0]) without \(rule.field)"))
            }
        }
        return result
    }

    private struct Rule {
        var choice: String
        var words: [String]
        var field: String
        var required: Bool
        /// The word counts when the choice is left out, too.
        var ordinary: Bool
    }

    private static func rule(_ schema: [String: Any]) -> Rule? {
        guard let properties = (schema["if"] as? [String: Any])?["properties"] as? [String: [String: Any]],
            let choice = properties.first,
            let words = (choice.value["const"] as? String).map({ [$0] }) ?? choice.value["enum"] as? [String],
            let field = ((schema["else"] as? [String: Any])?["not"] as? [String: Any])?["required"] as? [String]
        else { return nil }
        return Rule(
            choice: choice.key, words: words, field: field[0], required: schema["then"] != nil,
            ordinary: (schema["if"] as? [String: Any])?["required"] == nil)
    }
}
