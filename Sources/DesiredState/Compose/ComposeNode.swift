/// A value of a Compose file with aliases and merge keys followed. Bounded by the reader, which counts every alias as what
/// it stands for.
struct ComposeNode {
    indirect enum Value {
        case scalar(String, CoreSchema.ScalarType)
        case list([ComposeNode])
        case map([Pair])
    }
    struct Pair {
        var key: String
        var keyPosition: Position
        var value: ComposeNode
    }

    var value: Value
    /// Where it is written; for an alias, where its anchor stands.
    var position: Position

    /// Nothing stands there: `key:` or `key: null`.
    var isNull: Bool { if case .scalar(_, .null) = value { true } else { false } }

    var pairs: [Pair]? { if case .map(let pairs) = value { pairs } else { nil } }

    var items: [ComposeNode]? { if case .list(let items) = value { items } else { nil } }

    /// The text of a scalar as it is written, variables and all.
    var raw: String? { if case .scalar(let text, _) = value { text } else { nil } }

    subscript(key: String) -> ComposeNode? { pairs?.last { $0.key == key }?.value }

    /// What stands there, in words.
    var words: String {
        switch value {
        case .map: "a mapping"
        case .list: "a list"
        case .scalar(_, .null): "nothing"
        case .scalar(let text, _): "'\(text.count > 40 ? "\(text.prefix(40))…" : text)'"
        }
    }

    /// Nodes in it, itself among them.
    var count: Int {
        switch value {
        case .scalar: 1
        case .list(let items): items.reduce(1) { $0 + $1.count }
        case .map(let pairs): pairs.reduce(1) { $0 + 1 + $1.value.count }
        }
    }
}

/// Makes ``ComposeNode``s from what the YAML reader read.
struct ComposeTree {
    let yaml: YAMLReader
    /// What is wrong with merge keys.
    var problems: [Problem] = []

    init(_ yaml: YAMLReader) { self.yaml = yaml }

    mutating func node(_ written: Int) -> ComposeNode {
        let index = yaml.nodes[written].kind == .alias ? Int(yaml.nodes[written].start) : written
        let node = yaml.nodes[index]
        let position = yaml.position(of: index)
        switch node.kind {
        case .scalar, .alias:
            return ComposeNode(value: .scalar(yaml.string(index), type(of: index)), position: position)
        case .sequence:
            var items: [ComposeNode] = []
            var item = index + 1
            for _ in 0..<Int(node.count) {
                items.append(self.node(item))
                item = Int(yaml.nodes[item].end)
            }
            return ComposeNode(value: .list(items), position: position)
        case .mapping: return ComposeNode(value: .map(pairs(index, Int(node.count))), position: position)
        }
    }

    private func type(of index: Int) -> CoreSchema.ScalarType {
        switch yaml.nodes[index].tag {
        case .string: .string
        case .integer: .integer
        case .float: .float
        case .bool: .bool
        case .null: .null
        case .implicit, .sequence, .mapping:
            yaml.nodes[index].plain ? yaml.withText(index, CoreSchema.type) : .string
        }
    }

    private mutating func pairs(_ mapping: Int, _ count: Int) -> [ComposeNode.Pair] {
        var own: [ComposeNode.Pair] = []
        var merged: [ComposeNode.Pair] = []
        var key = mapping + 1
        for _ in 0..<count {
            let value = Int(yaml.nodes[key].end)
            defer { key = Int(yaml.nodes[value].end) }
            // Keys that are no text have been reported by the reader.
            guard yaml.nodes[key].kind == .scalar else { continue }
            let name = yaml.string(key)
            if name == "<<", yaml.nodes[key].plain {
                merged += mergeable(node(value), at: yaml.position(of: value))
            } else {
                own.append(ComposeNode.Pair(key: name, keyPosition: yaml.position(of: key), value: node(value)))
            }
        }
        guard !merged.isEmpty else { return own }
        // What is written in the mapping itself wins, and then the earlier of several that are merged.
        var taken = Set(own.map(\.key))
        return own + merged.filter { taken.insert($0.key).inserted }
    }

    private mutating func mergeable(_ node: ComposeNode, at position: Position) -> [ComposeNode.Pair] {
        switch node.value {
        case .map(let pairs): return pairs
        case .list(let items) where items.allSatisfy({ $0.pairs != nil }): return items.flatMap { $0.pairs ?? [] }
        case .scalar(_, .null): return []
        default:
            problems.append(Problem(position: position, message: "'<<' merges mappings, not \(node.words)"))
            return []
        }
    }
}
