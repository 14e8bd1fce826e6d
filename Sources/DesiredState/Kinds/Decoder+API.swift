internal import Glibc

extension Decoder {
    func api(_ node: Int, folder: String) -> APIConfiguration {
        var result = APIConfiguration()
        guard let record = record(node, "api", as: APIField.self) else { return result }
        if let node = record[.listen] { result.listen = listen(node, folder: folder) ?? result.listen }
        if let node = record[.anonymous] {
            result.allowsAnonymousViewers = choice(node, "api.anonymous", ["none", "viewer"]) == "viewer"
        }
        if let node = record[.hosts] {
            list(node, "api.hosts", count: 1...32) { item in
                guard let host = word(item, "api.hosts", maximum: 260, allowing: Self.isHost) else { return }
                if host.hasPrefix("-") || host.hasPrefix(".") || host.hasPrefix(":") || host.hasPrefix("]") {
                    report(item, "api.hosts '\(host)' is no name of a host; write name or name:port")
                }
                result.hosts.append(host)
            }
        }
        if let node = record[.tls], let tls = self.record(node, "api.tls", as: APITLSField.self),
            let cert = tls[.cert].flatMap({ path($0, "api.tls.cert", folder: folder) }),
            let key = tls[.key].flatMap({ path($0, "api.tls.key", folder: folder) })
        {
            result.tls = .init(cert: cert, key: key)
        }
        result.tokens = record[.tokens].flatMap { path($0, "api.tokens", folder: folder) }
        if let node = record[.oidc] { result.oidc = oidc(node) }
        if let node = record[.webhooks] { result.webhooks = webhooks(node, folder: folder) }
        check(result, record)
        return result
    }

    /// What one field alone cannot say: off this machine nothing goes without encryption and without a name.
    private func check(_ api: APIConfiguration, _ record: Record<APIField>) {
        let place = record[.listen] ?? record.node
        if case .address = api.listen {
        } else if let node = record[.tls] {
            report(node, "api.tls is for an address such as 0.0.0.0:8420; a Unix socket needs none")
        }
        guard !api.isLocal else { return }
        if record[.tls] == nil {
            report(place, "api.listen leaves this machine, so api.tls is needed; or listen on 127.0.0.1 behind a proxy")
        }
        if record[.tokens] == nil, record[.oidc] == nil {
            report(place, "api.listen leaves this machine, so api.tokens or api.oidc has to say who may ask")
        }
        if api.allowsAnonymousViewers, let node = record[.anonymous] {
            report(node, "api.anonymous: viewer is for loopback addresses alone; give people tokens, or use api.oidc")
        }
    }

    private func listen(_ node: Int, folder: String) -> APIConfiguration.Listen? {
        guard let text = string(node, "api.listen") else { return nil }
        if text == "off" { return .off }
        if text == "unix" { return .unix(path: nil) }
        if text.hasPrefix("unix:/") {
            let path = Self.absolute(String(text.dropFirst("unix:".count)), folder: folder)
            // The kernel's limit, with the byte behind it.
            if path.utf8.count <= 107, path != "/", !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                return .unix(path: path)
            }
            report(node, "api.listen: the path of a Unix socket has at most 107 bytes, and no control characters")
            return nil
        }
        if let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port) {
            var host = String(text[..<colon])
            let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
            if isBracketed { host = String(host.dropFirst().dropLast()) }
            var address = in6_addr()
            if inet_pton(isBracketed ? AF_INET6 : AF_INET, host, &address) == 1 { return .address(host, port: port) }
        }
        report(
            node,
            "api.listen has to be off, unix, unix:/PATH, or a literal address with a port such as 127.0.0.1:8420 or [::1]:8420, "
                + "not '\(text.prefix(80))'")
        return nil
    }

    private func oidc(_ node: Int) -> APIConfiguration.OIDC? {
        guard let record = record(node, "api.oidc", as: OIDCField.self) else { return nil }
        func text(_ key: OIDCField, _ label: String) -> String? {
            record[key].flatMap { word($0, "api.oidc.\(label)", maximum: 256) { $0 >= 0x20 && $0 != 0x7F } }
        }
        let issuer = record[.issuer].flatMap { node -> String? in
            guard let text = string(node, "api.oidc.issuer", maximum: 2048) else { return nil }
            let rest = text.dropFirst("https://".count)
            if text.hasPrefix("https://"), !rest.isEmpty, !rest.utf8.contains(where: { $0 <= 0x20 || $0 == 0x3F || $0 == 0x23 })
            {
                return text
            }
            report(node, "api.oidc.issuer has to be an address https://… without '?', '#' and spaces")
            return nil
        }
        let audience = text(.audience, "audience")
        var result = APIConfiguration.OIDC(issuer: issuer ?? "", audience: audience ?? "")
        if let claim = text(.groupsClaim, "groupsClaim") { result.groupsClaim = claim }
        for (field, label) in [(OIDCField.viewers, "viewers"), (.operators, "operators")] {
            guard let node = record[field] else { continue }
            var groups: [String] = []
            list(node, "api.oidc.\(label)", count: OIDCField.groups) { item in
                let group = word(item, "api.oidc.\(label)", maximum: 256) { $0 >= 0x20 && $0 != 0x7F }
                if let group { groups.append(group) }
            }
            if field == .viewers { result.viewers = groups } else { result.operators = groups }
        }
        return result
    }

    private func webhooks(_ node: Int, folder: String) -> [APIConfiguration.Forge: String] {
        var result: [APIConfiguration.Forge: String] = [:]
        guard let record = record(node, "api.webhooks", as: WebhooksField.self) else { return result }
        let forges: [(WebhooksField, APIConfiguration.Forge)] = [
            (.github, .github), (.gitlab, .gitlab), (.gitea, .gitea), (.generic, .generic),
        ]
        for (field, forge) in forges {
            guard let node = record[field],
                let hook = self.record(node, "api.webhooks.\(forge.rawValue)", as: WebhookField.self)
            else { continue }
            result[forge] = hook[.secretFile].flatMap { path($0, "api.webhooks.\(forge.rawValue).secretFile", folder: folder) }
        }
        return result
    }

    /// Text that is not empty and holds allowed bytes alone.
    private func word(_ node: Int, _ label: String, maximum: Int, allowing isAllowed: (UInt8) -> Bool) -> String? {
        guard let text = string(node, label, maximum: maximum) else { return nil }
        if !text.isEmpty, text.utf8.allSatisfy(isAllowed) { return text }
        report(node, "\(label) '\(text.prefix(40))' must not be empty or hold characters that do not belong there")
        return nil
    }

    private static func isHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D: true
        default: false
        }
    }
}
