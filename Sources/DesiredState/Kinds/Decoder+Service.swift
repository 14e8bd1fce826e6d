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

    func recordings(_ node: Int) -> ServiceConfiguration.RecordingsConfiguration {
        var result = ServiceConfiguration.RecordingsConfiguration()
        guard let record = record(node, "recordings", as: RecordingsField.self) else { return result }
        if let node = record[.keepFor] {
            result.keepFor = span(node, "recordings.keepFor", RecordingsField.times) ?? result.keepFor
        }
        if let node = record[.keepAtLeast] {
            result.keepAtLeast = span(node, "recordings.keepAtLeast", RecordingsField.times) ?? result.keepAtLeast
        } else {
            result.keepAtLeast = min(result.keepAtLeast, result.keepFor)
        }
        if let node = record[.maxSize] {
            result.maxSize = bytes(node, "recordings.maxSize", RecordingsField.sizes) ?? result.maxSize
        }
        if result.keepAtLeast > result.keepFor {
            report(node, "recordings.keepAtLeast must not be longer than recordings.keepFor")
        }
        return result
    }

    func edge(_ node: Int) -> ServiceConfiguration.EdgeConfiguration {
        var result = ServiceConfiguration.EdgeConfiguration()
        guard let record = record(node, "edge", as: EdgeField.self) else { return result }
        if let node = record[.type] { result.type = choice(node, "edge.type", ConfigurationRules.edgeTypes) ?? result.type }
        if let node = record[.bind] { result.bind = address(node, "edge.bind") ?? result.bind }
        return result
    }

    func address(_ node: Int, _ label: String) -> String? {
        guard let text = string(node, label, maximum: 64) else { return nil }
        var address = in6_addr()
        if inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1 { return text }
        report(node, "\(label) has to be a literal IPv4 or IPv6 address, not '\(text)'")
        return nil
    }
}
