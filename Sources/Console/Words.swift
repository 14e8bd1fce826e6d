import CurfewModel

/// How things are written on every page.
enum Words {
    /// `2026-11-23 14:05:09`, without the zone that stands at the foot of the page.
    static func moment(_ moment: Instant) -> String { String(moment.text.dropLast()) }

    /// The same of a timestamp; what cannot be read is shown as it is.
    static func moment(_ timestamp: String) -> String { Instant(timestamp: timestamp).map(Self.moment) ?? timestamp }

    /// What the template of a moment needs; `false` without one.
    static func fields(of timestamp: String?) -> Any {
        guard let timestamp, !timestamp.isEmpty else { return false }
        return ["at": timestamp, "text": moment(timestamp)] as Fields
    }

    /// `14:05`
    static func minute(_ moment: Instant) -> String { String(moment.text.dropFirst(11).prefix(5)) }

    /// As a field of a form takes it: `2026-11-23T14:05`.
    static func field(_ moment: Instant) -> String { String(moment.timestamp.prefix(16)) }

    /// The first seven digits of a commit.
    static func short(_ id: String) -> String { String(id.prefix(7)) }

    /// The first eight digits of a generation.
    static func generation(_ generation: String?) -> String { generation.map { String($0.prefix(8)) } ?? "none" }

    /// `1 workload`, `2 workloads`.
    static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }

    /// `a, b and c`; `nobody` of nothing.
    static func list(_ names: [String], empty: String) -> String {
        guard let last = names.last else { return empty }
        return names.count == 1 ? last : names.dropLast().joined(separator: ", ") + " and " + last
    }
}

extension Span {
    /// `3 d`, `2 h 5 min`, `40 s`.
    var words: String {
        let seconds = milliseconds / 1000
        if seconds >= 2 * 86_400 { return "\(seconds / 86_400) d" }
        if seconds >= 3600 { return "\(seconds / 3600) h \(seconds / 60 % 60) min" }
        return seconds >= 60 ? "\(seconds / 60) min" : "\(seconds) s"
    }
}
