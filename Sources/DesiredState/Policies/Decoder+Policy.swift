internal import CurfewModel
internal import Foundation

/// Values that policies and grants share.
extension Decoder {
    /// `true` or `false`.
    func bool(_ written: Int, _ label: String) -> Bool? {
        let index = resolve(written)
        if yaml.nodes[index].kind == .scalar, type(of: index) == .bool { return yaml.string(index).lowercased() == "true" }
        report(written, "\(label) has to be true or false, not \(describe(written))")
        return nil
    }

    /// `alice` or `team:oncall`.
    func subjects(_ node: Int, _ label: String, count: ClosedRange<Int> = PolicyRules.entries, _ references: inout [Reference])
        -> [Subject]
    {
        var result: [Subject] = []
        list(node, label, count: count) { item in
            guard let text = string(item, label, maximum: 128) else { return }
            guard let subject = Subject(text) else {
                return report(item, "\(label) '\(text.prefix(80))' has to be the name of a person, or team:<name>")
            }
            if result.contains(subject) { return report(item, "\(label) names '\(subject)' twice") }
            result.append(subject)
            switch subject {
            case .person(let name): references.append(Reference(.person, name, position(item), label))
            case .team(let name): references.append(Reference(.team, name, position(item), label))
            }
        }
        return result
    }

    /// Names of one kind.
    func references(
        _ node: Int, _ label: String, _ kind: Reference.Kind, count: ClosedRange<Int>, _ references: inout [Reference]
    )
        -> [Name]
    {
        var result: [Name] = []
        list(node, label, count: count) { item in
            guard let name = name(item, label) else { return }
            if result.contains(name) { return report(item, "\(label) names '\(name)' twice") }
            result.append(name)
            references.append(Reference(kind, name, position(item), label))
        }
        return result
    }

    func quorum(_ node: Int, _ references: inout [Reference]) -> Quorum {
        var result = Quorum()
        guard let record = record(node, "approvals", as: QuorumField.self) else { return result }
        if let node = record[.count] { result.count = integer(node, "approvals.count", PolicyRules.approvals) ?? 0 }
        if let node = record[.from] { result.from = subjects(node, "approvals.from", &references) }
        if result.count > 0, result.from.isEmpty, record[.from] == nil || yaml.nodes[resolve(record[.from] ?? node)].count == 0
        {
            report(node, "approvals needs 'from': who may approve")
        }
        return result
    }

    /// An SSH public key as it stands in a `.pub` file.
    func key(_ node: Int, _ label: String) -> SSHPublicKey? {
        guard let text = string(node, label, maximum: 8192) else { return nil }
        guard let key = SSHPublicKey(text) else {
            report(
                node,
                "\(label) is no public SSH key; it has to be one line as in a .pub file, of a type such as ssh-ed25519, not '\(text.prefix(30))'"
            )
            return nil
        }
        guard let data = Data(base64Encoded: key.body), Self.typeInside(data) == key.type else {
            report(node, "\(label) is damaged: what is inside is no \(key.type) key")
            return nil
        }
        return key
    }

    /// The type that the key's own bytes name.
    private static func typeInside(_ data: Data) -> String? {
        guard data.count > 4 else { return nil }
        let length = data.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard length < 64, data.count >= 4 + length else { return nil }
        return String(decoding: data.dropFirst(4).prefix(length), as: UTF8.self)
    }

    /// `2026-11-23T18:00:00Z`.
    func moment(_ node: Int, _ label: String) -> Instant? {
        let index = resolve(node)
        if yaml.nodes[index].kind == .scalar, yaml.nodes[index].count == 20 {
            let text = Array(yaml.string(index).utf8)
            let separators: [(Int, UInt8)] = [(4, 0x2D), (7, 0x2D), (10, 0x54), (13, 0x3A), (16, 0x3A), (19, 0x5A)]
            func number(_ from: Int, _ count: Int) -> Int? { Int(String(decoding: text[from..<from + count], as: UTF8.self)) }
            if text.count == 20, separators.allSatisfy({ text[$0.0] == $0.1 }), text.allSatisfy({ $0 != 0x2B && $0 < 0x80 }),
                let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
                let minute = number(14, 2), let second = number(17, 2),
                let moment = Instant(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
            {
                return moment
            }
        }
        report(node, "\(label) has to be a moment in UTC such as 2026-11-23T18:00:00Z, not \(describe(node))")
        return nil
    }

    func windows(_ node: Int) -> [TimeWindow] {
        var result: [TimeWindow] = []
        list(node, "windows", count: 1...16) { item in
            guard let record = record(item, "a window", as: WindowField.self) else { return }
            var window = TimeWindow()
            if let node = record[.days] {
                window.days = []
                list(node, "days", count: 1...7) {
                    if let day = choice($0, "days", as: TimeWindow.Day.self) { window.days.insert(day) }
                }
            }
            if let node = record[.from] { window.from = minute(node, "from", 0...1439) ?? 0 }
            if let node = record[.to] { window.to = minute(node, "to", 1...1440) ?? 1440 }
            if window.from == window.to { report(item, "a window that opens and closes at the same minute is never open") }
            if let node = record[.zone], let zone = string(node, "zone", maximum: 64) {
                if TimeZone(identifier: zone) == nil || zone.contains("..") {
                    report(node, "zone '\(zone)' is not known; it has to be a name such as Europe/Berlin or UTC")
                }
                window.zone = zone
            }
            result.append(window)
        }
        return result
    }

    /// `08:00` as the minute of the day.
    private func minute(_ node: Int, _ label: String, _ range: ClosedRange<Int>) -> Int? {
        if let text = string(node, label, maximum: 16) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.allSatisfy { ("0"..."9").contains($0) } }),
                let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, range.contains(hour * 60 + minute)
            {
                return hour * 60 + minute
            }
            report(node, "\(label) has to be a time of day such as \"08:00\", not '\(text)'")
        }
        return nil
    }
}

/// A name that has to be there.
struct Reference: Sendable {
    enum Kind: String, Sendable { case person, team, role, backend }
    var kind: Kind
    var name: Name
    var position: Position
    var label: String
    init(_ kind: Kind, _ name: Name, _ position: Position, _ label: String) {
        (self.kind, self.name, self.position, self.label) = (kind, name, position, label)
    }
}
