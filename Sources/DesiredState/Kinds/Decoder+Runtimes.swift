internal import CurfewModel
internal import Glibc

extension Decoder {
    func runtimes(_ node: Int, folder: String) -> [Name: ServiceConfiguration.RuntimeConfiguration] {
        var result: [Name: ServiceConfiguration.RuntimeConfiguration] = [:]
        pairs(node, "runtimes", maximum: 64) { key, value in
            guard let name = name(key, "runtime's name"), let record = record(value, "runtime \(name)", as: RuntimeField.self)
            else { return }
            var runtime = ServiceConfiguration.RuntimeConfiguration(name: name)
            guard let node = record[.type], let type = choice(node, "type", ConfigurationRules.runtimeTypes) else { return }
            runtime.type = type
            check(record, type, value)
            if type != "local" { engine(record, folder: folder, &runtime) }
            if let node = record[.ports], let range = ports(node) {
                (runtime.firstPort, runtime.lastPort) = (range.lowerBound, range.upperBound)
            }
            if let node = record[.user] { runtime.user = user(node) }
            if let node = record[.store], let store = self.record(node, "store", as: StoreField.self),
                let node = store[.maxArtifact], let size = bytes(node, "maxArtifact", ConfigurationRules.artifact)
            {
                runtime.maxArtifact = size
            }
            if type == "local",
                let other = result.values.first(where: {
                    $0.type == "local" && $0.firstPort <= runtime.lastPort && runtime.firstPort <= $0.lastPort
                })
            {
                report(record[.ports] ?? value, "the ports of runtime \(name) overlap those of runtime \(other.name)")
            }
            result[name] = runtime
        }
        if yaml.nodes[resolve(node)].count == 0 { report(node, "runtimes is empty; leave it out for one runtime 'local'") }
        return result
    }

    private func check(_ record: Record<RuntimeField>, _ type: String, _ written: Int) {
        for rule in RuntimeField.shape.dependent {
            guard let field = RuntimeField(rawValue: rule.field) else { continue }
            if let node = record[field], !rule.words.contains(type) {
                report(
                    node, "'\(field)' goes with type: \(rule.words.joined(separator: " or ")), not with type: \(type)")
            } else if rule.required, rule.words.contains(type), record[field] == nil {
                report(written, "a runtime of type \(type) needs the field '\(field)'")
            }
        }
    }

    private func engine(
        _ record: Record<RuntimeField>, folder: String,
        _ runtime: inout ServiceConfiguration.RuntimeConfiguration
    ) {
        var engine = ServiceConfiguration.EngineConfiguration()
        if let node = record[.endpoints] {
            list(node, "endpoints", count: ConfigurationRules.endpoints) { item in
                guard let text = string(item, "endpoint", maximum: 256) else { return }
                let rest = text.dropFirst(6)
                let plain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
                if plain, text.hasPrefix("unix:///") && rest.utf8.count <= 108 || text.hasPrefix("tcp://") && rest.contains(":")
                {
                    if engine.endpoints.contains(text) { return report(item, "endpoint '\(text)' is named twice") }
                    engine.endpoints.append(text)
                } else {
                    report(item, "endpoint '\(text.prefix(80))' has to be unix:///path/to/socket or tcp://host:port")
                }
            }
        }
        if runtime.type == "docker", engine.endpoints.count > 1, let node = record[.endpoints] {
            report(node, "a runtime of type docker is one engine, with one endpoint; several managers go with type: swarm")
        }
        if let node = record[.tls], let files = self.record(node, "tls", as: RuntimeTLSField.self) {
            let paths = [RuntimeTLSField.ca, .cert, .key].map { field in
                files[field].flatMap { path($0, "tls.\(field)", folder: folder) }
            }
            if let ca = paths[0], let cert = paths[1], let key = paths[2] { engine.tls = .init(ca: ca, cert: cert, key: key) }
        }
        if let node = record[.base], let image = string(node, "base", maximum: 512) {
            if Self.isPinned(image) || Self.isImageID(image) {
                engine.base = image
            } else {
                report(
                    node,
                    "base '\(image.prefix(80))' has to name an image by digest (registry/app@sha256:…) or by id (sha256:…)")
            }
        }
        if let node = record[.resolveTags] { engine.resolveTags = bool(node, "resolveTags") ?? false }
        if let node = record[.credentials] { engine.credentials = path(node, "credentials", folder: folder) }
        if let node = record[.publishOn] { engine.publishOn = address(node, "publishOn") }
        let reach = record[.reach].flatMap { choice($0, "reach", ConfigurationRules.reaches) }
        if reach == "address" { engine.publishOn = nil }
        if reach == "published" { engine.publishOn = engine.publishOn ?? "127.0.0.1" }
        let isRemote = engine.endpoints.contains { !$0.hasPrefix("unix:") }
        if runtime.type == "docker", isRemote, reach == nil, engine.publishOn == nil, let node = record[.endpoints] {
            report(
                node,
                "an engine over tcp may be another machine: write 'reach: published' with 'publishOn', or 'reach: address'")
        }
        runtime.engine = engine
    }

    private static func isImageID(_ text: String) -> Bool {
        text.hasPrefix("sha256:") && text.utf8.count == 71 && text.utf8.dropFirst(7).allSatisfy(\.isLowerHexadecimal)
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
}
