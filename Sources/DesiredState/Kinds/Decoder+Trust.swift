internal import CurfewModel

/// Who is trusted, and where access is given.
extension Decoder {
    func trust(_ node: Int, _ configuration: inout ServiceConfiguration) {
        guard let record = record(node, "trust", as: TrustField.self) else { return }
        var mode = ServiceConfiguration.TrustMode.signed
        if let node = record[.mode] {
            guard let word = choice(node, "trust.mode", ServiceConfiguration.TrustMode.allCases.map(\.rawValue)),
                let written = ServiceConfiguration.TrustMode(rawValue: word)
            else { return }
            mode = written
        }
        configuration.trust = mode
        switch mode {
        case .forge:
            report(
                record[.mode] ?? node,
                "trust.mode forge is not built yet: write signed, or none to run without verification")
        case .none:
            for field in [TrustField.root, .owners] {
                if let node = record[field] {
                    report(node, "trust.\(field) goes with mode: signed; with mode: none nothing is verified")
                }
            }
        case .signed:
            for field in [TrustField.root, .owners] where record[field] == nil {
                let how = record[.mode] == nil ? " (the mode unless 'mode: none' is written)" : ""
                report(record[.mode] ?? node, "trust with mode: signed\(how) needs the field '\(field)' too")
            }
            if configuration.identity.signingKey == nil {
                report(
                    record[.mode] ?? node,
                    "trust with mode: signed needs identity.signingKey too: Curfew signs the reverts by which access ends")
            }
        }
        if let node = record[.root], let text = string(node, "trust.root", maximum: 64) {
            configuration.trustRoot = ObjectID(text)
            if configuration.trustRoot == nil {
                report(
                    node,
                    "trust.root has to be the 40 digits of the first commit that is trusted (git rev-list --max-parents=0 HEAD)"
                )
            }
        }
        if let node = record[.owners] {
            list(node, "trust.owners", count: ConfigurationRules.owners) { item in
                if let name = name(item, "trust.owners") { configuration.trustOwners.append(name) }
            }
        }
    }

    /// - Parameter runtimes: those of the configuration: a backend may name one of them.
    func backends(
        _ node: Int, folder: String, runtimes: [Name: ServiceConfiguration.RuntimeConfiguration]
    ) -> [Name: ServiceConfiguration.BackendConfiguration] {
        var result: [Name: ServiceConfiguration.BackendConfiguration] = [:]
        pairs(node, "access", maximum: 64) { key, value in
            guard let name = name(key, "access backend's name"),
                let record = record(value, "access backend \(name)", as: BackendField.self), let node = record[.type],
                let type = choice(node, "type", ConfigurationRules.backendTypes)
            else { return }
            var backend = ServiceConfiguration.BackendConfiguration(name: name, type: type)
            for rule in BackendField.dependent where rule.word != type {
                if let node = record[rule.field] {
                    report(node, "'\(rule.field)' goes with type: \(rule.word), not with type: \(type)")
                }
            }
            for rule in BackendField.dependent where rule.word == type && rule.required && record[rule.field] == nil {
                report(value, "access backend \(name) needs the field '\(rule.field)'")
            }
            if let node = record[.foreign] {
                backend.removesForeign = choice(node, "foreign", ConfigurationRules.foreign) == "remove"
            }
            for field in BackendField.allCases where field != .type && field != .foreign {
                guard let node = record[field], let setting = setting(node, field, folder: folder) else { continue }
                backend.settings["\(field)"] = setting
            }
            if let node = record[.runtime], let text = backend.settings["runtime"]?.text {
                if let runtime = runtimes.values.first(where: { $0.name.rawValue == text }) {
                    if runtime.type == "swarm" {
                        report(
                            node,
                            "runtime '\(text)' is a swarm, and nobody can be let into a container of another node through a manager; name a runtime of type docker"
                        )
                    }
                } else {
                    let known = runtimes.keys.sorted().map(\.rawValue).joined(separator: ", ")
                    report(node, "there is no runtime '\(text)' under runtimes; there are: \(known)")
                }
            }
            result[name] = backend
        }
        return result
    }

    private func setting(_ node: Int, _ field: BackendField, folder: String) -> Setting? {
        switch field {
        // The system's journal is no file.
        case .authLog where string(node, "authLog", maximum: 4096) == "journald": return .text("journald")
        case .ca, .agent, .krl, .principals, .authLog, .folder, .log:
            return path(node, "\(field)", folder: folder).map { .text($0) }
        case .cutSessions, .publish, .recordInput: return bool(node, "\(field)").map { .bool($0) }
        case .hook, .hosts:
            var words: [Setting] = []
            list(node, "\(field)", count: field == .hook ? 1...32 : 1...64) { item in
                guard let text = plain(item, field) else { return }
                words.append(.text(text))
            }
            return .list(words)
        case .host, .prefix: return plain(node, field).map { .text($0) }
        case .runtime: return name(node, "runtime").map { .text($0.rawValue) }
        case .signTimeout:
            return span(node, "signTimeout", ConfigurationRules.timeout).map { .integer(Int($0.milliseconds / 1000)) }
        case .type, .foreign: return nil
        }
    }

    private func plain(_ node: Int, _ field: BackendField) -> String? {
        let maximum = field == .host ? 256 : field == .hosts ? 253 : 4096
        guard let text = string(node, "\(field)", maximum: maximum) else { return nil }
        let letters = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
                || (field == .hosts && ((0x41...0x5A).contains($0) || $0 == 0x2E))
        }
        let first = text.utf8.first ?? 0
        let isLetter = (0x61...0x7A).contains(first) || (0x41...0x5A).contains(first)
        let isDigit = (0x30...0x39).contains(first)
        let good =
            switch field {
            case .hosts: letters && (isLetter || isDigit)
            case .prefix: letters && isLetter && text.utf8.count <= 32
            case .host:
                // It is shown in a command that people copy.
                (isLetter || isDigit || first == 0x5B)
                    && text.utf8.allSatisfy {
                        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                            || ".:@%_[]-".utf8.contains($0)
                    }
            default: !text.isEmpty && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
            }
        if good { return text }
        report(node, "\(field) '\(text.prefix(80))' has characters that are not allowed there")
        return nil
    }
}
