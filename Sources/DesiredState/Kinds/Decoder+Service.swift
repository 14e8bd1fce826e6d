internal import CurfewModel
internal import Glibc

extension Decoder {
    func identity(_ node: Int, folder: String) -> ServiceConfiguration.Identity {
        var result = ServiceConfiguration.Identity()
        guard let record = record(node, "identity", as: IdentityField.self) else { return result }
        if let node = record[.name] { result.name = signature(node, "identity.name") ?? result.name }
        if let node = record[.email] { result.email = signature(node, "identity.email") ?? result.email }
        if let node = record[.signingKey], let key = string(node, "identity.signingKey") {
            if key.isEmpty { report(node, "identity.signingKey has to be a path") }
            result.signingKey = Self.absolute(key, folder: folder)
        }
        return result
    }

    /// Part of `Name <email>` in a commit's header.
    private func signature(_ node: Int, _ label: String) -> String? {
        guard let text = string(node, label, maximum: 256) else { return nil }
        if !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x3C || $0 == 0x3E }) { return text }
        report(node, "\(label) must not be empty or hold '<', '>' or control characters")
        return nil
    }

    func limits(_ node: Int) -> LoadLimits {
        var result = LoadLimits()
        guard let record = record(node, "limits", as: LimitsField.self) else { return result }
        if let node = record[.fileSize], let size = bytes(node, "limits.fileSize", ConfigurationRules.fileSize) {
            result.fileSize = Int(size.value)
        }
        if let node = record[.depth] { result.depth = integer(node, "limits.depth", ConfigurationRules.depth) ?? result.depth }
        if let node = record[.nodes] { result.nodes = integer(node, "limits.nodes", ConfigurationRules.nodes) ?? result.nodes }
        return result
    }

    func runtimes(_ node: Int) -> [Name: ServiceConfiguration.RuntimeConfiguration] {
        var result: [Name: ServiceConfiguration.RuntimeConfiguration] = [:]
        pairs(node, "runtimes", maximum: 64) { key, value in
            guard let name = name(key, "runtime's name"), let record = record(value, "runtime \(name)", as: RuntimeField.self)
            else { return }
            var runtime = ServiceConfiguration.RuntimeConfiguration(name: name)
            if let node = record[.type] { runtime.type = choice(node, "type", ConfigurationRules.runtimeTypes) ?? "local" }
            if let node = record[.ports], let range = ports(node) {
                (runtime.firstPort, runtime.lastPort) = (range.lowerBound, range.upperBound)
            }
            if let node = record[.user] { runtime.user = user(node) }
            if let node = record[.store], let store = self.record(node, "store", as: StoreField.self),
                let node = store[.maxArtifact], let size = bytes(node, "maxArtifact", ConfigurationRules.artifact)
            {
                runtime.maxArtifact = size
            }
            if let other = result.values.first(where: {
                $0.firstPort <= runtime.lastPort && runtime.firstPort <= $0.lastPort
            }) {
                report(record[.ports] ?? value, "the ports of runtime \(name) overlap those of runtime \(other.name)")
            }
            result[name] = runtime
        }
        if yaml.nodes[resolve(node)].count == 0 { report(node, "runtimes is empty; leave it out for one runtime 'local'") }
        return result
    }

    /// `20000-29999`.
    private func ports(_ node: Int) -> ClosedRange<Int>? {
        guard let text = string(node, "ports", maximum: 32) else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Quantity.whole($0) }
        if parts.count == 2, let first = parts[0], let last = parts[1], (1024...65535).contains(first),
            (1024...65535).contains(last), first <= last
        {
            return Int(first)...Int(last)
        }
        report(node, "ports has to be a range within 1024-65535, such as \(ConfigurationRules.ports), not '\(text)'")
        return nil
    }

    private func user(_ node: Int) -> String? {
        guard let text = string(node, "user", maximum: 32) else { return nil }
        let first = text.utf8.first ?? 0
        let plain = text.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789_.-".unicodeScalars.contains($0))
        }
        if plain, first == 0x5F || (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first) { return text }
        report(node, "user '\(text)' is no name of an account")
        return nil
    }

    func edge(_ node: Int) -> ServiceConfiguration.EdgeConfiguration {
        var result = ServiceConfiguration.EdgeConfiguration()
        guard let record = record(node, "edge", as: EdgeField.self) else { return result }
        if let node = record[.type] { result.type = choice(node, "edge.type", ConfigurationRules.edgeTypes) ?? result.type }
        if let node = record[.bind], let text = string(node, "edge.bind", maximum: 64) {
            var address = in6_addr()
            if inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1 {
                result.bind = text
            } else {
                report(node, "edge.bind has to be a literal IPv4 or IPv6 address, not '\(text)'")
            }
        }
        return result
    }
}
