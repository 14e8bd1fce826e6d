public import CurfewJournal
import CurfewModel

extension Console {
    /// What was looked for, as it was typed.
    public struct Search: Sendable {
        public var text = ""
        public var kind = ""
        public var workload = ""
        /// `2026-11-23T14:05`, UTC.
        public var since = ""
        public var until = ""

        /// Everything.
        public init() {}

        /// As it stands behind `?`, with what is given added.
        func query(_ more: [(String, String)] = []) -> String {
            let all = [("text", text), ("kind", kind), ("workload", workload), ("since", since), ("until", until)] + more
            return all.filter { !$0.1.isEmpty }.map { "\($0)=\(Self.encoded($1))" }.joined(separator: "&")
        }

        private static func encoded(_ text: String) -> String {
            text.utf8.reduce(into: "") { result, byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    result.unicodeScalars.append(Unicode.Scalar(byte))
                default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                }
            }
        }
    }

    /// The audit trail, searched.
    /// - Parameters:
    ///   - events: newest first.
    ///   - isCut: whether there are older ones.
    ///   - chain: one sentence on the hash chain.
    public static func journal(
        _ events: [JournalEvent], search: Search, kinds: [String], isCut: Bool, isOlder: Bool, chain: String
    ) -> Page {
        func address(_ path: String, _ query: String) -> String { query.isEmpty ? path : "\(path)?\(query)" }
        var older: String?
        if isCut, let last = events.last { older = address("/journal", search.query([("before", "\(last.sequence)")])) }
        let prefixes = Set(kinds.compactMap { $0.split(separator: ".").first.map(String.init) })
        let fields: Fields = [
            "chain": chain, "text": search.text, "kind": search.kind, "workload": search.workload, "since": search.since,
            "until": search.until, "kinds": (kinds + prefixes).sorted(), "older": shown(older),
            "newest": isOlder ? address("/journal", search.query()) : false,
            "export": address("/journal/export", search.query()),
        ]
        return Page(
            title: "Journal", content: Templates.fill("journal", fields.merging(EventTable.fields(of: events)) { $1 }))
    }
}
