internal import CurfewModel

extension Decoder {
    func notifications(_ node: Int, folder: String) -> [Name: ServiceConfiguration.NotificationConfiguration] {
        var result: [Name: ServiceConfiguration.NotificationConfiguration] = [:]
        pairs(node, "notifications", maximum: 16) { key, value in
            guard let name = name(key, "notification's name"),
                let record = record(value, "notification \(name)", as: NotificationField.self), let node = record[.type],
                let type = choice(node, "type", NotificationField.types)
            else { return }
            for rule in NotificationField.shape.dependent {
                guard let field = NotificationField(rawValue: rule.field) else { continue }
                if let node = record[field], !rule.words.contains(type) {
                    report(node, "'\(field)' goes with type: \(rule.words.joined(separator: " or ")), not with type: \(type)")
                } else if rule.required, rule.words.contains(type), record[field] == nil {
                    report(value, "notification \(name) of type \(type) needs the field '\(field)'")
                }
            }
            var target = ServiceConfiguration.NotificationConfiguration(name: name, type: type)
            if let node = record[.url] { target.url = hookURL(node) }
            target.urlFile = record[.urlFile].flatMap { path($0, "urlFile", folder: folder) }
            target.secretFile = record[.secretFile].flatMap { path($0, "secretFile", folder: folder) }
            target.credentials = record[.credentials].flatMap { path($0, "credentials", folder: folder) }
            if let node = record[.server] { target.server = server(node) }
            if let node = record[.tls] { target.protection = choice(node, "tls", NotificationField.protections) ?? "starttls" }
            if let node = record[.from] { target.from = mailbox(node, "from") ?? "" }
            if let node = record[.to] {
                list(node, "to", count: 1...32) { item in if let to = mailbox(item, "to") { target.to.append(to) } }
            }
            if let node = record[.events] { target.events = kinds(node) }
            if let node = record[.severity] {
                target.severity = choice(node, "severity", NotificationField.severities) ?? "warning"
            }
            target.reminder = record[.reminder].flatMap { span($0, "reminder", NotificationField.reminders) }
            result[name] = target
        }
        return result
    }

    /// An address that notices are posted to. A password in it would end up in logs.
    private func hookURL(_ node: Int) -> String? {
        guard let text = string(node, "url", maximum: 2048) else { return nil }
        if let reason = Self.urlFault(text) {
            report(node, "url \(reason)")
            return nil
        }
        let first = text.drop { $0 != ":" }.dropFirst(3).utf8.first ?? 0
        guard first == 0x5B || Self.isLetterOrDigit(first) else {
            report(node, "url names no host")
            return nil
        }
        return text
    }

    private func server(_ node: Int) -> String? {
        guard let text = string(node, "server", maximum: 260) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let host = parts.first.map { Array($0.utf8) } ?? []
        let isHost =
            !host.isEmpty && host.count <= 253 && host.allSatisfy { Self.isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x2E }
            && Self.isLetterOrDigit(host[0]) && Self.isLetterOrDigit(host[host.count - 1])
        guard parts.count == 2, isHost, parts[1].utf8.count <= 5, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            !parts[1].isEmpty
        else {
            report(node, "server has to be host:port, such as mail.example.org:587")
            return nil
        }
        return text
    }

    private func mailbox(_ node: Int, _ label: String) -> String? {
        guard let text = string(node, label, maximum: 254) else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { Self.isLetterOrDigit($0) || "._+=-".utf8.contains($0) }
        }
        guard parts.count == 2, isPlain, !text.hasPrefix("-") else {
            report(node, "\(label) '\(text.prefix(80))' is no plain mail address")
            return nil
        }
        return text
    }

    private func kinds(_ node: Int) -> [String] {
        var kinds: [String] = []
        list(node, "events", count: 1...64) { item in
            guard let text = string(item, "event", maximum: 64) else { return }
            let first = text.utf8.first ?? 0
            if (0x61...0x7A).contains(first),
                text.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x2E || $0 == 0x2D })
            {
                kinds.append(text)
            } else {
                report(item, "event '\(text.prefix(64))' is no beginning of a kind, such as entry. or rollout.failed")
            }
        }
        return kinds
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
