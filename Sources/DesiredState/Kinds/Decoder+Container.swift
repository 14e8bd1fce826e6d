internal import CurfewModel

/// What only containers have, and secrets.
extension Decoder {
    func container(_ node: Int, _ draft: inout Draft) {
        var options = ContainerOptions()
        guard let record = record(node, "container", as: ContainerField.self) else { return }
        if let node = record[.args] {
            options.args = command(node, "container.args", ports: draft.ports, isProgram: false) ?? []
        }
        if let node = record[.workingDir], let path = string(node, "workingDir") {
            if path == "/" || Self.mountFault(path, containers: true) == nil {
                options.workingDir = path
            } else {
                report(node, "workingDir '\(path.prefix(80))' has to be an absolute, normalised path")
            }
        }
        if let node = record[.user], let user = string(node, "user", maximum: 65) {
            if Self.isAccount(user) {
                options.user = user
            } else {
                report(node, "user '\(user.prefix(80))' has to be an account or a number, with ':group' after it if need be")
            }
        }
        if let node = record[.networks] {
            list(node, "networks", count: 0...WorkloadRules.entries) { item in
                guard let name = name(item, "network") else { return }
                if options.networks.contains(name) { return report(item, "network '\(name)' is named twice") }
                options.networks.append(name)
                draft.uses.append(PowerUse(power: .network(name.rawValue), position: position(item)))
            }
        }
        if let node = record[.capabilities] {
            list(node, "capabilities", count: 0...64) { item in
                guard let word = string(item, "capability", maximum: 42) else { return }
                let plain = word.utf8.count > 1 && word.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F }
                if !plain || word.hasPrefix("_") || word.hasPrefix("CAP_") || word == "ALL" {
                    return report(item, "capability '\(word.prefix(42))' has to be written like NET_BIND_SERVICE, one by one")
                }
                options.capabilities.append(word)
                draft.uses.append(PowerUse(power: .capability(word), position: position(item)))
            }
        }
        if let node = record[.writableRoot] { options.writableRoot = bool(node, "writableRoot") ?? false }
        if let node = record[.placement] { options.placement = placement(node) }
        draft.container = options
    }

    /// Constraints as Swarm writes them: `node.role==worker`.
    private func placement(_ node: Int) -> [String] {
        var result: [String] = []
        list(node, "placement", count: 0...32) { item in
            guard let text = string(item, "placement", maximum: 256) else { return }
            let operation = ["==", "!="].first { text.contains($0) }
            let parts = operation.map { text.split(separator: $0, maxSplits: 1).map { $0.trimmingSpaces } } ?? []
            guard let operation, parts.count == 2, parts[0].hasPrefix("node.") || parts[0].hasPrefix("engine.labels."),
                parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
            else {
                return report(item, "placement '\(text.prefix(80))' has to be written like node.role==worker")
            }
            result.append(parts[0] + operation + parts[1])
        }
        return result
    }

    func secrets(_ node: Int, _ draft: inout Draft) {
        var secrets: [SecretFile] = []
        list(node, "secrets", count: 0...WorkloadRules.entries) { item in
            guard let record = record(item, "secret", as: SecretField.self), let node = record[.path],
                let path = string(node, "secret path", maximum: 141)
            else { return }
            let last = path.hasPrefix("/run/secrets/") ? path.dropFirst(13) : ""
            let plain = last.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "._-".utf8.contains($0)
            }
            if last.isEmpty || !plain || last.hasPrefix(".") || last.hasPrefix("-") {
                return report(node, "secret path '\(path.prefix(80))' has to be a file directly in /run/secrets")
            }
            if secrets.contains(where: { $0.path == path }) { return report(node, "secret path '\(path)' is used twice") }
            if let node = record[.file], let file = name(node, "secret file") {
                draft.uses.append(PowerUse(power: .secretFile(file.rawValue), position: position(node)))
                secrets.append(SecretFile(path: path, source: .file(file)))
            } else if let node = record[.age], let source = string(node, "secret age") {
                if let fault = Self.pathFault(source) { return report(node, "age '\(source.prefix(80))' \(fault)") }
                draft.agePaths.append((RepositoryPath(source), position(node)))
                draft.uses.append(PowerUse(power: .secretPath(source), position: position(node)))
                secrets.append(SecretFile(path: path, source: .age(path: source, id: nil)))
            }
        }
        draft.secrets = secrets
    }

    static func isAccount(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                (1...32).contains(part.utf8.count) && !part.hasPrefix("-") && !part.hasPrefix(".")
                    && part.utf8.allSatisfy {
                        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                            || "._-".utf8.contains($0)
                    }
            }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
