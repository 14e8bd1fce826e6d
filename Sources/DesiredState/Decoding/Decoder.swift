internal import CurfewModel

/// Decodes the documents of one file and goes on after an error, so that all errors of a file are told at once.
///
/// Functions return `nil` once they have reported; a caller decodes everything it can and builds its value only when
/// nothing is missing. Not thread-safe.
final class Decoder {
    /// Most problems that are told of one file; a person mends a few at a time.
    static let problemLimit = 100

    let yaml: YAMLReader
    private(set) var problems: [Problem] = []

    init(_ yaml: YAMLReader) { self.yaml = yaml }

    /// Begins with another file.
    func reset() { problems.removeAll() }

    /// The node itself, or what its alias stands for.
    @inline(__always)
    func resolve(_ node: Int) -> Int { yaml.nodes[node].kind == .alias ? Int(yaml.nodes[node].start) : node }

    /// Where the node is written (for an alias: where the alias stands).
    func position(_ node: Int) -> Position { yaml.position(of: node) }

    /// Tells an error.
    func report(_ node: Int, _ message: String) {
        if problems.count < Self.problemLimit { problems.append(Problem(position: position(node), message: message)) }
    }

    /// What stands there, in words.
    func describe(_ written: Int) -> String {
        let index = resolve(written)
        let node = yaml.nodes[index]
        switch node.kind {
        case .mapping: return "a mapping"
        case .sequence: return "a list"
        case .alias: return "an alias"
        case .scalar:
            let text = yaml.string(index)
            let shown = text.count > 40 ? "\(text.prefix(40))…" : text
            switch type(of: index) {
            case .null: return "nothing"
            case .string: return "'\(shown)'"
            case .integer: return "the integer \(shown)"
            case .float: return "the number \(shown)"
            case .bool: return "the boolean \(shown)"
            }
        }
    }

    /// The type of a scalar.
    func type(of scalar: Int) -> CoreSchema.ScalarType {
        let node = yaml.nodes[scalar]
        switch node.tag {
        case .string: return .string
        case .integer: return .integer
        case .float: return .float
        case .bool: return .bool
        case .null: return .null
        case .implicit, .sequence, .mapping: return node.plain ? yaml.withText(scalar, CoreSchema.type) : .string
        }
    }
}

/// The fields of one mapping that is there.
struct Record<Key: FieldKey> {
    /// The mapping.
    let node: Int
    /// Index of the value by field, -1 when it is not there. Thirty-two fields at most: no memory is needed for them.
    fileprivate var slots = SIMD32<Int32>(repeating: -1)

    /// The value of a field, as a node; `nil` when it is left out.
    subscript(key: Key) -> Int? {
        let slot = slots[key.rawValue]
        return slot < 0 ? nil : Int(slot)
    }
}

extension Decoder {
    /// Reads a mapping with known fields; tells unknown, missing and contradicting ones.
    /// - Parameter label: what the mapping is called in messages.
    func record<Key: FieldKey>(_ written: Int, _ label: String, as key: Key.Type = Key.self) -> Record<Key>? {
        let index = resolve(written)
        let node = yaml.nodes[index]
        let shape = Key.shape
        guard node.kind == .mapping else {
            report(written, "\(label) has to be a mapping, not \(describe(written))")
            return nil
        }
        var record = Record<Key>(node: written)
        var current = index + 1
        for _ in 0..<Int(node.count) {
            let value = Int(yaml.nodes[current].end)
            defer { current = Int(yaml.nodes[value].end) }
            guard yaml.nodes[current].kind == .scalar else { continue }
            if let field = yaml.withText(current, shape.index) {
                // The second of two equal keys has been reported by the reader.
                if record.slots[field] < 0 { record.slots[field] = Int32(value) }
            } else {
                let name = yaml.string(current)
                if name != "<<" { report(current, "unknown field '\(name)'" + Spelling.hint(name, among: shape.names)) }
            }
        }
        for field in shape.required where record.slots[field] < 0 {
            report(written, "\(label) needs the field '\(shape.names[field])'")
        }
        if !shape.alternatives.isEmpty { checkAlternatives(shape, record.slots, written, label) }
        return record
    }

    private func checkAlternatives(_ shape: Shape, _ slots: SIMD32<Int32>, _ node: Int, _ label: String) {
        var begun: [[Int]] = []
        for group in shape.alternatives {
            for field in group where slots[field] >= 0 {
                begun.append(group)
                break
            }
        }
        // The usual case needs no words.
        if begun.count == 1, begun[0].count == 1 { return }
        let words = shape.alternatives.map { $0.map { shape.names[$0] }.joined(separator: " + ") }.joined(separator: ", ")
        switch begun.count {
        case 0: report(node, "\(label) needs one of: \(words)")
        case 1:
            for field in begun[0] where slots[field] < 0 {
                let present = begun[0].filter { slots[$0] >= 0 }.map { "'\(shape.names[$0])'" }.joined(separator: ", ")
                report(node, "\(label) with \(present) needs the field '\(shape.names[field])' too")
            }
        default: report(node, "\(label) takes only one of: \(words)")
        }
    }

    /// Calls `body` with each item of a list.
    func list(_ written: Int, _ label: String, count: ClosedRange<Int>, _ body: (Int) -> Void) {
        let index = resolve(written)
        let node = yaml.nodes[index]
        guard node.kind == .sequence else { return report(written, "\(label) has to be a list, not \(describe(written))") }
        guard count.contains(Int(node.count)) else {
            return report(
                written, "\(label) has \(node.count) entries; \(count.lowerBound) to \(count.upperBound) are allowed")
        }
        var item = index + 1
        for _ in 0..<Int(node.count) {
            body(item)
            item = Int(yaml.nodes[item].end)
        }
    }

    /// Calls `body` with key and value of each pair of a mapping with free keys.
    func pairs(_ written: Int, _ label: String, maximum: Int, _ body: (_ key: Int, _ value: Int) -> Void) {
        let index = resolve(written)
        let node = yaml.nodes[index]
        guard node.kind == .mapping else { return report(written, "\(label) has to be a mapping, not \(describe(written))") }
        guard node.count <= maximum else {
            return report(written, "\(label) has \(node.count) entries; at most \(maximum) are allowed")
        }
        var key = index + 1
        for _ in 0..<Int(node.count) {
            let value = Int(yaml.nodes[key].end)
            if yaml.nodes[key].kind == .scalar { body(key, value) }
            key = Int(yaml.nodes[value].end)
        }
    }
}
