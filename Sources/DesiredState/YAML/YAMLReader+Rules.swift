internal import CLibYAML

/// What libyaml lets through and Curfew does not: foreign tags, duplicate and unreadable keys, merge keys.
extension YAMLReader {
    /// The core tag that is written, or a problem.
    func tag(_ written: UnsafeMutablePointer<UInt8>, of kind: YAMLNode.Kind, at mark: yaml_mark_t) -> YAMLNode.Tag {
        let name = String(cString: written)
        let prefix = "tag:yaml.org,2002:"
        let tag: YAMLNode.Tag? =
            switch (kind, name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name) {
            case (.scalar, "str"), (.scalar, "!"): .string
            case (.scalar, "int"): .integer
            case (.scalar, "float"): .float
            case (.scalar, "bool"): .bool
            case (.scalar, "null"): .null
            case (.sequence, "seq"), (.sequence, "!"): .sequence
            case (.mapping, "map"), (.mapping, "!"): .mapping
            default: nil
            }
        if let tag { return tag }
        report(
            Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1),
            "tag '\(name)' is not supported here; leave it out")
        return .implicit
    }

    /// Refuses keys that are no plain text, keys that stand twice, and the merge key.
    func checkKeys(of mapping: Int) {
        let pairs = Int(nodes[mapping].count)
        var seen: [String: Int] = [:]
        text.withUnsafeBufferPointer { text in
            var key = mapping + 1
            for index in 0..<pairs {
                let node = nodes[key]
                let value = Int(node.end)
                defer { key = Int(nodes[value].end) }
                guard node.kind == .scalar else {
                    report(position(of: key), "a key has to be plain text")
                    continue
                }
                let range = Int(node.start)..<Int(node.start + node.count)
                if !allowsMergeKeys, node.plain, node.count == 2, text[range.lowerBound] == 0x3C,
                    text[range.lowerBound + 1] == 0x3C
                {
                    report(position(of: key), "the merge key '<<' is not supported; write the fields out, or use an alias")
                    continue
                }
                if let first = pairs <= 16 ? earlier(key, in: mapping, text) : seen[string(key)] {
                    let place = position(of: first)
                    report(
                        position(of: key),
                        "key '\(string(key))' stands twice in this mapping; first at \(place.line):\(place.column)")
                } else if pairs > 16 {
                    if index == 0 { seen.reserveCapacity(pairs) }
                    seen[string(key)] = key
                }
            }
        }
    }

    /// An equal key before `key`; small mappings are compared pair by pair, which needs no memory.
    private func earlier(_ key: Int, in mapping: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let node = nodes[key]
        var other = mapping + 1
        while other < key {
            let candidate = nodes[other]
            if candidate.kind == .scalar, candidate.count == node.count,
                text[Int(candidate.start)..<Int(candidate.start + candidate.count)]
                    .elementsEqual(text[Int(node.start)..<Int(node.start + node.count)])
            {
                return other
            }
            other = Int(nodes[Int(candidate.end)].end)
        }
        return nil
    }

    /// Where a node stands.
    func position(of node: Int) -> Position { Position(line: Int(nodes[node].line), column: Int(nodes[node].column)) }

    /// The text of a scalar.
    func string(_ node: Int) -> String {
        let scalar = nodes[node]
        return text.withUnsafeBufferPointer {
            String(
                decoding: UnsafeBufferPointer(rebasing: $0[Int(scalar.start)..<Int(scalar.start + scalar.count)]), as: UTF8.self
            )
        }
    }

    /// Calls `body` with the text of a scalar.
    @inline(__always)
    func withText<Result>(_ node: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let scalar = nodes[node]
        return text.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[Int(scalar.start)..<Int(scalar.start + scalar.count)]))
        }
    }
}
