import CurfewJournal
import CurfewModel

/// Events as a table, on several pages.
enum EventTable {
    static func fields(of events: [JournalEvent]) -> Fields {
        ["hasEvents": !events.isEmpty, "events": events.map(fields)]
    }

    private static func fields(of event: JournalEvent) -> Fields {
        let details = event.details.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
        let text = details.map { "\($0.key): \($0.value.prefix(4000))" }.joined(separator: "\n")
        return [
            "sequence": event.sequence, "at": event.at.timestamp, "atText": Words.moment(event.at), "kind": event.kind,
            "workload": shown(event.workload?.rawValue), "grant": shown(grantName(of: event)),
            "recording": shown(event.details["recording"].flatMap { isRecording($0) ? $0 : nil }),
            "revision": shown(event.revision?.hex), "short": event.revision?.short ?? "", "message": event.message,
            "hasDetails": !details.isEmpty, "details": text,
        ]
    }

    /// The name in a grant's id; sessions name the grant itself.
    static func grantName(of event: JournalEvent) -> String? {
        guard let grant = event.details["grant"] else { return nil }
        let name = event.kind.hasPrefix("grant.") && grant.utf8.count > 13 ? String(grant.dropLast(13)) : grant
        return Name(name)?.rawValue
    }

    /// Nothing that could lead elsewhere.
    static func isRecording(_ id: String) -> Bool {
        (1...200).contains(id.utf8.count)
            && id.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x2D
            }
    }
}
