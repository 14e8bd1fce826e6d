extension ComposeReader {
    private static let replaced: Set = ["command", "entrypoint", "test"]
    private static let keyed: Set = ["environment", "labels", "annotations", "sysctls", "extra_hosts", "args"]
    private static let named: Set = ["depends_on", "networks", "models"]
    private static let longest = 32
    private static let most = 500_000

    /// A service together with those it extends, as Compose puts them together; `nil` when that cannot be done.
    func extended(_ name: String, _ node: ComposeNode, in services: ComposeNode, chain: [String] = []) -> ComposeNode? {
        guard let pairs = node.pairs, let extends = node["extends"] else { return node }
        let path = "services.\(name).extends"
        guard chain.count < Self.longest, !chain.contains(name) else {
            fail(extends, path, "goes round in a circle, or on for more than \(Self.longest) services")
            return nil
        }
        if let file = extends["file"] {
            fail(
                extends, path,
                "\(file.words) is not read; import what `docker compose config --no-interpolate` prints, which puts the files together"
            )
            return nil
        }
        guard let base = text(extends["service"] ?? extends, path) else { return nil }
        guard let other = services[base] else {
            fail(extends, path, "there is no service '\(base)'")
            return nil
        }
        guard let below = extended(base, other, in: services, chain: chain + [name]), below.pairs != nil else { return nil }
        let own = ComposeNode(value: .map(pairs.filter { $0.key != "extends" }), position: node.position)
        guard extendedCount <= Self.most else {
            fail(extends, path, "services that extend others have more than \(Self.most) values together")
            return nil
        }
        let merged = merge(below, own, key: "")
        extendedCount += merged.count
        return merged
    }

    private func merge(_ base: ComposeNode, _ over: ComposeNode, key: String) -> ComposeNode {
        if Self.replaced.contains(key) || base.isNull { return over }
        var (left, right) = (base, over)
        if left.items != nil, right.pairs != nil { left = mapping(left, key) }
        if left.pairs != nil, right.items != nil { right = mapping(right, key) }
        switch (left.value, right.value) {
        case (.map(let below), .map(let above)):
            var pairs = below
            for pair in above {
                if let index = pairs.firstIndex(where: { $0.key == pair.key }) {
                    pairs[index].value = merge(pairs[index].value, pair.value, key: pair.key)
                    pairs[index].keyPosition = pair.keyPosition
                } else {
                    pairs.append(pair)
                }
            }
            return ComposeNode(value: .map(pairs), position: over.position)
        case (.list(let below), .list(let above)):
            let kept = key == "volumes" ? below.filter { item in !above.contains { target($0) == target(item) } } : below
            return ComposeNode(value: .list(kept + above), position: over.position)
        default: return over
        }
    }

    /// Where a volume is mounted, as far as it can be told without its variables.
    private func target(_ node: ComposeNode) -> String? {
        guard let raw = node.raw else { return node["target"]?.raw }
        let parts = raw.split(separator: ":")
        return parts.count > 1 ? String(parts[1]) : raw
    }

    /// `[NAME=value]` as a mapping, and `[name]` as one with nothing in it.
    private func mapping(_ list: ComposeNode, _ key: String) -> ComposeNode {
        guard Self.keyed.contains(key) || Self.named.contains(key) else { return list }
        let nothing = ComposeNode(value: .scalar("", .null), position: list.position)
        var pairs: [ComposeNode.Pair] = []
        for item in list.items ?? [] {
            guard let raw = item.raw else { return list }
            var pair = ComposeNode.Pair(key: raw, keyPosition: item.position, value: nothing)
            if Self.keyed.contains(key), let equals = raw.firstIndex(of: "=") {
                pair.key = String(raw[..<equals])
                pair.value = ComposeNode(
                    value: .scalar(String(raw[raw.index(after: equals)...]), .string), position: item.position)
            }
            pairs.removeAll { $0.key == pair.key }
            pairs.append(pair)
        }
        return ComposeNode(value: .map(pairs), position: list.position)
    }
}
