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

    /// Texts that each pattern takes and refuses. A pattern that is not here fails the test.
    private static let patterns: [String: (valid: [String], invalid: [String])] = [
        "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": (["local"], ["", "-a", "A", "a_b", "a."]),
        "^[^/]": (["site"], ["/site"]),
        "^[^/].*$": (["keys/a.age"], ["/keys/a.age"]),
        "^https?://": (["https://h/x", "http://h/x"], ["ftp://h/x"]),
        "^[0-9a-f]{64}$": ([String(repeating: "a", count: 64)], ["a", String(repeating: "A", count: 64)]),
        "^[a-z0-9][A-Za-z0-9._:/-]*(@sha256:[0-9a-f]{64})?$": (
            [
                "r/a@sha256:" + String(repeating: "b", count: 64), "r:5/a:1@sha256:" + String(repeating: "b", count: 64),
                "r/a:1",
            ],
            ["-r@sha256:" + String(repeating: "b", count: 64), "r a", "r@sha256:ab", ""]
        ),
        "^(unix:///.+|tcp://[A-Za-z0-9\\[].*:[0-9]+)$": (["unix:///run/docker.sock"], ["http://h:1", "unix:/x", ""]),
        "^([a-z0-9][A-Za-z0-9._:/-]*@)?sha256:[0-9a-f]{64}$": (
            ["r/a@sha256:" + String(repeating: "b", count: 64), "sha256:" + String(repeating: "b", count: 64)], ["r/a:1", ""]
        ),
        "^[A-Z][A-Z_]{1,40}$": (["NET_BIND_SERVICE"], ["net", "", "A B"]),
        "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?$": (
            ["1000:1000", "app"], ["-a", "a:b:c", "a b"]
        ),
        "^/run/secrets/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$": (
            ["/run/secrets/k"], ["/etc/k", "/run/secrets/../k", "/run/secrets/"]
        ),
        "^(off|unix|unix:/.+|[0-9.]{7,15}:[0-9]{1,5}|\\[[0-9a-fA-F:.]+\\]:[0-9]{1,5})$": (
            ["127.0.0.1:8420", "[::1]:0", "off", "unix:/run/c"], ["", "localhost:80", "unix:x", "127.0.0.1", "::1:80"]
        ),
        "^[A-Za-z0-9\\[][A-Za-z0-9.:\\]-]*$": (["curfew.example.org", "h:8420", "[::1]:80"], ["", "a/b", "a b", "-h"]),
        "^https://[^\\s?#]+$": (
            ["https://id.example.org/realms/a"], ["http://h", "https://", "https://h?x", "", "https://h x"]
        ),
        "^[A-Za-z][A-Za-z0-9._-]* ?(==|!=) ?[^ ]+$": (["node.role==worker"], ["node.role", "", "=="]),
        "^/.*[^/]$": (["/data", "/var/cache"], ["data", "/", "/data/"]),
        "^/": (["/", "/live"], ["live"]),
        "^[^-]": (["https://h/x"], ["-x"]),
        "^[^-/]": (["main", "a/b"], ["-x", "/x"]),
        "^[^<>]+$": (["a b"], ["a<b", ""]),
        "^[A-Za-z_][A-Za-z0-9_.-]*$": (["nobody"], ["1a", "a b"]),
        "^[0-9]{4,5}-[0-9]{4,5}$": (["30000-30010"], ["1-2", "x"]),
        "^([0-9]+m|[0-9]+|[0-9]+\\.[0-9]{1,3})$": (["500m", "2", "0.5"], ["x", "-1", "0.0001", "1Gi"]),
        "^[0-9a-f]{40}$": ([String(repeating: "a", count: 40)], ["a", String(repeating: "A", count: 40)]),
        "^[^\\u0000-\\u001f\\u007f]+$": (["/a b"], ["a\nb", ""]),
        "^[A-Za-z0-9\\[][A-Za-z0-9.:@%_\\[\\]-]*$": (["bastion", "deploy@[::1]"], ["-x", "", "a b", "a;b"]),
        "^[A-Za-z0-9][A-Za-z0-9.-]*$": (["h1.example"], ["-h", "a b", ""]),
        "^[a-z][a-z0-9-]{0,31}$": (["curfew-"], ["A", "a b", "-a", ""]),
        "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$": (
            ["a@example.org", "A.b+c@h"], ["a", "a@b@c", "a b@c", "@c", "a@", "-a@b", "a@b.", "ä@b"]
        ),
        "^(team:)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": (["known", "team:known"], ["", "team:", "A", "group:x"]),
        "^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$": (
            ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB a@b"], ["x", "ssh-ed25519", ""]
        ),
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})$": (
            ["2026-11-23T18:00:00Z", "2026-11-23T18:00:00.25+01:00"], ["2026-11-23", "tomorrow", "", "2026-11-23T18:00:00"]
        ),
        "^([01][0-9]|2[0-3]):[0-5][0-9]$": (["08:00", "00:00"], ["8:00", "24:00", "25:00", "08:60", ""]),
        "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": (["08:00", "24:00", "00:00"], ["8:00", "24:30", "25:00", "08:60", ""]),
        "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$": (
            ["INC-1: x"], ["", " ", "a\nb"]
        ),
        "^[^-\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$": (["alice"], ["", "-a", "a\nb"]),
        "^[A-Za-z]": (["UTC"], [""]),
        "^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$": (["32Mi", "30M"], ["x", "-1", "1.5Gi", "1Zi"]),
    ]
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
        func with(_ name: String, _ value: Any) -> [String: Any] {
            var result = base
            if let group = groups.first(where: { $0.contains(name) }) {
                for other in groups.joined() { result[other] = nil }
                for other in group { result[other] = all[other]?.valid[0] }
            }
            for rule in rules {
                if rule.field == name {
                    result[rule.choice] = rule.word
                    for other in rules where other.word == rule.word && other.required {
                        result[other.field] = all[other.field]?.valid[0]
                    }
                }
                if rule.choice == name, value as? String == rule.word, rule.required {
                    result[rule.field] = all[rule.field]?.valid[0]
                }
                if rule.choice == name, rule.ordinary, value as? String != rule.word { result[rule.field] = nil }
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
            let words = (properties[rule.choice]?["enum"] as? [String] ?? []).filter { $0 != rule.word && $0 != "canary" }
            for word in words {
                var wrong = with(rule.choice, word)
                wrong[rule.field] = all[rule.field]?.valid[0]
                result.invalid.append((wrong, "\(path) \(rule.field) with \(word)"))
            }
            if rule.required {
                var without = base
                without[rule.choice] = rule.word
                without[rule.field] = nil
                result.invalid.append((without, "\(path) \(rule.word) without \(rule.field)"))
            }
        }
        return result
    }

    private struct Rule {
        var choice: String
        var word: String
        var field: String
        var required: Bool
        /// The word counts when the choice is left out, too.
        var ordinary: Bool
    }

    private static func rule(_ schema: [String: Any]) -> Rule? {
        guard let properties = (schema["if"] as? [String: Any])?["properties"] as? [String: [String: Any]],
            let choice = properties.first, let word = choice.value["const"] as? String,
            let field = ((schema["else"] as? [String: Any])?["not"] as? [String: Any])?["required"] as? [String]
        else { return nil }
        return Rule(
            choice: choice.key, word: word, field: field[0], required: schema["then"] != nil,
            ordinary: (schema["if"] as? [String: Any])?["required"] == nil)
    }
}
