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
        if let node = record[.validFor] {
            result.validFor = span(node, "approvals.validFor", PolicyRules.duration) ?? result.validFor
        }
        if result.count > 0, result.from.isEmpty, record[.from] == nil || yaml.nodes[resolve(record[.from] ?? node)].count == 0
        {
            report(node, "approvals needs 'from': who may approve")
        }
        return result
    }

    /// `2026-11-23T18:00:00Z`.
    func moment(_ node: Int, _ label: String) -> Instant? {
        let index = resolve(node)
        if yaml.nodes[index].kind == .scalar, type(of: index) == .string,
            let moment = yaml.withText(index, Timestamp.instant)
        {
            return moment
        }
        report(
            node,
            "\(label) has to be a moment such as 2026-11-23T18:00:00Z or 2026-11-23T19:00:00+01:00, not \(describe(node))")
        return nil
    }

    /// One window, or a list of windows.
    func windows(_ node: Int) -> [TimeWindow] {
        if yaml.nodes[resolve(node)].kind == .mapping { return window(node).map { [$0] } ?? [] }
        var result: [TimeWindow] = []
        list(node, "window", count: PolicyRules.windows) { item in
            if let window = window(item) { result.append(window) }
        }
        return result
    }

    private func window(_ node: Int) -> TimeWindow? {
        guard let record = record(node, "a window", as: WindowField.self) else { return nil }
        var window = TimeWindow()
        if let node = record[.days] {
            window.days = []
            list(node, "days", count: 1...7) {
                if let day = choice($0, "days", as: TimeWindow.Day.self) { window.days.insert(day) }
            }
        }
        if let node = record[.from] { window.from = minute(node, "from", latest: 1439) ?? 0 }
        // Midnight at the end of a day is the 1440th minute, however it is written.
        if let node = record[.to] { window.to = minute(node, "to", latest: 1440).map { $0 == 0 ? 1440 : $0 } ?? 1440 }
        if window.from == window.to { report(node, "a window that opens and closes at the same minute is never open") }
        if let node = record[.zone], let zone = string(node, "zone", maximum: 64) {
            if !Self.isZone(zone) {
                report(
                    node,
                    "zone '\(zone)' is not known; it has to be a name such as Europe/Berlin or UTC"
                        + Spelling.hint(zone, among: TimeZone.knownTimeZoneIdentifiers))
            }
            window.zone = zone
        }
        return window
    }

    /// Names of the IANA database. Offsets such as `GMT+3` are refused: they know no summer time.
    private static func isZone(_ name: String) -> Bool {
        let plain = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "/_+-".utf8.contains($0)
        }
        guard plain, !name.hasPrefix("GMT+"), !name.hasPrefix("GMT-"), !name.hasPrefix("/") else { return false }
        return TimeZone(identifier: name) != nil
    }

    /// `08:00` as the minute of the day.
    private func minute(_ node: Int, _ label: String, latest: Int) -> Int? {
        guard let text = string(node, label, maximum: 16) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Quantity.whole(parts[0]),
            let minute = Quantity.whole(parts[1]), minute < 60, hour * 60 + minute <= latest
        {
            return Int(hour * 60 + minute)
        }
        report(node, "\(label) has to be a time of day such as \"08:00\", not '\(text)'")
        return nil
    }
}

/// A name that has to be there.
struct Reference: Sendable {
    enum Kind: String, Sendable, CaseIterable { case person, team, role, backend, workload }
    var kind: Kind
    var name: Name
    var position: Position
    var label: String
    init(_ kind: Kind, _ name: Name, _ position: Position, _ label: String) {
        (self.kind, self.name, self.position, self.label) = (kind, name, position, label)
    }
}
