internal import CurfewModel

/// The kinds of `policies/` and `grants/`. Each function returns a value even when something in it was reported; such values
/// are only used when the whole of `policies/` is without error.
extension Decoder {
    func team(_ node: Int, _ name: Name, _ references: inout [Reference]) -> Team {
        let spec = record(node, "spec", as: TeamField.self)
        return Team(name: name, members: spec?[.members].map { subjects($0, "members", &references) } ?? [])
    }

    func role(_ node: Int, _ name: Name, _ references: inout [Reference]) -> Role {
        var role = Role(name: name, binds: [])
        guard let spec = record(node, "spec", as: RoleField.self) else { return role }
        if let node = spec[.binds] {
            list(node, "binds", count: 1...16) { item in
                guard let record = record(item, "a bind", as: BindField.self), let node = record[.backend],
                    let backend = self.name(node, "backend")
                else { return }
                references.append(Reference(.backend, backend, position(node), "backend"))
                var bind = Bind(backend: backend)
                if let node = record[.with] {
                    pairs(node, "with", maximum: 64) { key, value in
                        let name = yaml.string(key)
                        guard Self.isSettingName(name) else {
                            return report(
                                key,
                                "setting '\(name.prefix(40))' has to be of letters and digits, beginning with a small letter")
                        }
                        if let setting = setting(value, "'\(name)'", depth: 0) { bind.with[name] = setting }
                    }
                }
                role.binds.append(bind)
            }
        }
        if let node = spec[.touches] {
            role.touches = self.references(node, "touches", .workload, count: PolicyRules.entries, &references)
        }
        if let node = spec[.replace] { role.replace = choice(node, "replace", as: Role.Replace.self) ?? .always }
        return role
    }

    static func isSettingName(_ text: String) -> Bool {
        text.utf8.count <= 64 && (text.utf8.first.map { (0x61...0x7A).contains($0) } ?? false)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// A value whose meaning is a backend's own.
    func setting(_ written: Int, _ label: String, depth: Int) -> Setting? {
        let index = resolve(written)
        switch yaml.nodes[index].kind {
        case .scalar:
            switch type(of: index) {
            case .integer: return integer(written, label, -1_000_000_000...1_000_000_000).map { .integer($0) }
            case .bool: return bool(written, label).map { .bool($0) }
            case .string: return string(written, label).map { .text($0) }
            case .float, .null: break
            }
        case .sequence where depth < 2:
            var items: [Setting] = []
            list(written, label, count: 0...64) { if let item = setting($0, label, depth: depth + 1) { items.append(item) } }
            return .list(items)
        default: break
        }
        report(written, "\(label) has to be a text, an integer, true, false or a list of these, not \(describe(written))")
        return nil
    }

    /// One line of text for people.
    private func line(_ node: Int, _ label: String) -> String? {
        guard let text = string(node, label, maximum: PolicyRules.reason) else { return nil }
        if text.contains(where: { !$0.isWhitespace }), text == text.escapingControls { return text }
        report(node, "\(label) has to be one line of text, not empty and without control characters")
        return nil
    }

    private static func patternFault(_ pattern: String) -> String? {
        // Some patterns are read and still cannot be run; that shows with the first match only. What could take long is
        // found before anything is matched.
        do {
            let regex = try Regex(pattern)
            if let fault = PatternCost.fault(pattern) { return fault }
            _ = try regex.firstMatch(in: "")
            return nil
        } catch {
            return "is no regular expression: \(String(describing: error).prefix(120))"
        }
    }

    func accessPolicy(_ node: Int, _ name: Name, _ references: inout [Reference]) -> AccessPolicy {
        var policy = AccessPolicy(name: name, roles: [], eligible: [], maxDuration: .seconds(1))
        guard let spec = record(node, "spec", as: AccessPolicyField.self) else { return policy }
        if let node = spec[.roles] {
            policy.roles = self.references(node, "roles", .role, count: PolicyRules.some, &references)
        }
        if let node = spec[.eligible] { policy.eligible = subjects(node, "eligible", count: PolicyRules.some, &references) }
        if let node = spec[.maxDuration] {
            policy.maxDuration = span(node, "maxDuration", PolicyRules.duration) ?? policy.maxDuration
        }
        if let node = spec[.maxConcurrent] { policy.maxConcurrent = integer(node, "maxConcurrent", PolicyRules.concurrent) }
        if let node = spec[.reason], let record = record(node, "reason", as: ReasonField.self), let node = record[.pattern],
            let pattern = string(node, "reason.pattern", maximum: 512)
        {
            if let fault = Self.patternFault(pattern) { report(node, "reason.pattern \(fault)") }
            policy.reasonPattern = pattern
        }
        if let node = spec[.approvals] { policy.approvals = quorum(node, &references) }
        if let node = spec[.window] { policy.windows = windows(node) }
        if let node = spec[.breakGlass], let record = record(node, "breakGlass", as: BreakGlassField.self) {
            let longest = record[.maxDuration].flatMap { span($0, "breakGlass.maxDuration", PolicyRules.duration) }
            let review = record[.reviewWithin].flatMap { span($0, "breakGlass.reviewWithin", PolicyRules.duration) }
            if let longest, let review { policy.breakGlass = .init(maxDuration: longest, reviewWithin: review) }
        }
        if let node = spec[.requireSelfExpiry] { policy.requireSelfExpiry = bool(node, "requireSelfExpiry") ?? true }
        return policy
    }

    func changePolicy(_ node: Int, _ name: Name, _ references: inout [Reference]) -> ChangePolicy {
        var policy = ChangePolicy(name: name, paths: [], authors: [])
        guard let spec = record(node, "spec", as: ChangePolicyField.self) else { return policy }
        if let node = spec[.paths] {
            list(node, "paths", count: PolicyRules.some) { item in
                guard let glob = string(item, "paths", maximum: 512) else { return }
                let parts = glob.split(separator: "/", omittingEmptySubsequences: false)
                guard !glob.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
                    return report(
                        item,
                        "path '\(glob.prefix(80))' has to be relative to the root, such as manifests/** or policies/*.yaml")
                }
                if glob != glob.escapingControls { return report(item, "a path must not hold control characters") }
                if policy.paths.contains(where: { RepositoryPath($0) == RepositoryPath(glob) }) {
                    return report(item, "paths names '\(glob.prefix(80))' twice")
                }
                policy.paths.append(glob)
            }
        }
        if let node = spec[.authors] { policy.authors = subjects(node, "authors", count: PolicyRules.some, &references) }
        if let node = spec[.approvals] { policy.approvals = quorum(node, &references) }
        if let node = spec[.freezes] {
            list(node, "freezes", count: PolicyRules.entries) { item in
                guard let record = record(item, "a freeze", as: FreezeField.self) else { return }
                let from = record[.from].flatMap { moment($0, "from") }
                let to = record[.to].flatMap { moment($0, "to") }
                let reason = record[.reason].flatMap { line($0, "reason") }
                guard let from, let to, let reason else { return }
                if from >= to { report(item, "a freeze has to begin before it ends") }
                policy.freezes.append(.init(from: from, to: to, reason: reason))
            }
        }
        if let node = spec[.window] { policy.windows = windows(node) }
        return policy
    }

    func grant(_ node: Int, _ name: Name) -> Grant? {
        guard let spec = record(node, "spec", as: GrantField.self) else { return nil }
        let person = spec[.person].flatMap { self.name($0, "person") }
        let role = spec[.role].flatMap { self.name($0, "role") }
        let duration = spec[.duration].flatMap { span($0, "duration", PolicyRules.duration) }
        let reason = spec[.reason].flatMap { line($0, "reason") }
        let notBefore = spec[.notBefore].flatMap { moment($0, "notBefore") }
        let breakGlass = spec[.breakGlass].flatMap { bool($0, "breakGlass") } ?? false
        guard let person, let role, let duration, let reason else { return nil }
        return Grant(
            name: name, person: person, role: role, duration: duration, reason: reason, notBefore: notBefore,
            breakGlass: breakGlass)
    }
}
