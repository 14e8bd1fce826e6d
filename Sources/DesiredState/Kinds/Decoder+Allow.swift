internal import CurfewModel

extension Decoder {
    /// `allow`: which bundles may use what.
    func allow(_ node: Int) -> [AllowRule] {
        var rules: [AllowRule] = []
        list(node, "allow", count: AllowField.rules) { item in
            guard let record = record(item, "a rule of allow", as: AllowField.self), let names = record[.bundles] else {
                return
            }
            var rule = AllowRule(bundles: words(names, "bundles", Self.isNamePattern, "names with '*', such as shop-*"))
            func read(_ field: AllowField, _ isRight: @escaping (String) -> Bool, _ example: String) -> [String]? {
                record[field].map { words($0, "\(field)", isRight, example) }
            }
            rule.capabilities = read(
                .capabilities, Self.isCapability, "capabilities like NET_BIND_SERVICE, one by one and without patterns")
            rule.secrets = read(
                .secrets, Self.isSecretPattern, "file:NAME for secrets.folder or age:PATH for files of the repository")
            rule.networks = read(.networks, Self.isNamePattern, "names with '*'")
            rule.volumes = read(.volumes, Self.isNamePattern, "names with '*'")
            rule.runtimes = read(.runtimes, Self.isNamePattern, "names with '*'")
            rule.registries = read(
                .registries, Self.isRegistryPattern, "registry.example.org, or registry.example.org/team/* for repositories")
            rule.downloads = read(
                .downloads, Self.isDownloadHost, "'public', a host or an address, with ':port' after it if need be")
            rule.ports = record[.ports].map { allowedPorts($0) }
            rules.append(rule)
        }
        return rules
    }

    private func words(_ node: Int, _ label: String, _ isRight: (String) -> Bool, _ example: String) -> [String] {
        var result: [String] = []
        let count = label == "bundles" ? 1...256 : AllowField.entries
        list(node, label, count: count) { item in
            guard let word = string(item, label) else { return }
            if isRight(word) { return result.append(word) }
            report(item, "\(label) '\(word.prefix(80))' is not understood; write \(example)")
        }
        return result
    }

    private func allowedPorts(_ node: Int) -> [ClosedRange<Int>] {
        var result: [ClosedRange<Int>] = []
        list(node, "ports", count: AllowField.entries) { item in
            guard let text = source(item, "ports", "a port or a range, such as 443 or 8000-8999") else { return }
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Quantity.whole($0).map(Int.init) }
            if let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2, first <= last,
                WorkloadRules.port.contains(first), WorkloadRules.port.contains(last)
            {
                result.append(first...last)
            } else {
                report(item, "ports '\(text)' has to be a port or a range within 1-65535, such as 443 or 8000-8999")
            }
        }
        return result
    }

    private static func isNamePattern(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2A
            }
    }

    private static func isCapability(_ text: String) -> Bool {
        (2...41).contains(text.utf8.count) && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F }
            && !text.hasPrefix("_") && !text.hasPrefix("CAP_") && text != "ALL"
    }

    private static func isSecretPattern(_ text: String) -> Bool {
        guard let kind = ["file:", "age:"].first(where: text.hasPrefix) else { return false }
        let rest = text.dropFirst(kind.count)
        return !rest.isEmpty && !rest.hasPrefix("/") && !rest.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }

    private static func isRegistryPattern(_ text: String) -> Bool {
        (1...512).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasPrefix("/")
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || "._:/*-".utf8.contains($0)
            }
    }

    private static func isDownloadHost(_ text: String) -> Bool {
        text == "public"
            || DownloadSource("https://\(text)/") != nil && !text.utf8.contains { "*/?#".utf8.contains($0) }
    }
}
