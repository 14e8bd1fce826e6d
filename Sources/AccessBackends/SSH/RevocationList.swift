import CurfewModel

/// What the revocation list in place says of the backend's own authority.
struct RevocationList: Sendable, Hashable {
    var version: UInt64 = 0
    /// Serials of the backend's own authority.
    var serials: Set<UInt64> = []
    /// Whether there is nothing else in it: keys, ids, serials of other authorities, which are somebody else's.
    var isPlain = true
    /// Most serials that are read one by one: a few bytes of a list can stand for thousands. More count as somebody else's.
    static let mostSerials = 200_000

    /// Reads what `ssh-keygen -Q -l` prints.
    init(printed text: String, authority fingerprint: String) {
        var isOurs = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# KRL version ") {
                version = UInt64(line.dropFirst("# KRL version ".count)) ?? 0
            } else if line.hasPrefix("# CA key ") {
                isOurs = line.split(separator: " ").contains(Substring(fingerprint))
                if !isOurs { isPlain = false }
            } else if line.hasPrefix("# Wildcard CA") {
                (isOurs, isPlain) = (false, false)
            } else if isOurs, line.hasPrefix("serial: ") {
                let ends = line.dropFirst("serial: ".count).split(separator: "-").compactMap { UInt64($0) }
                if ends.count == 1 {
                    serials.insert(ends[0])
                } else if ends.count == 2, ends[1] >= ends[0], ends[1] - ends[0] < 10_000, serials.count < Self.mostSerials {
                    serials.formUnion(ends[0]...ends[1])
                } else {
                    isPlain = false
                }
            } else if !line.hasPrefix("#") {
                isPlain = false
            }
        }
    }

    init() {}

    /// The comment that marks a list as Curfew's, in the list's own format (`PROTOCOL.krl`).
    static let mark = "made by Curfew"

    /// Whether these are a revocation list's bytes at all.
    static func isList(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("SSHKRL\n\0".utf8)) }

    /// Whether the list carries Curfew's mark.
    static func isMarked(_ bytes: [UInt8]) -> Bool {
        guard isList(bytes) else { return false }
        // Magic, format version, list version, date, flags; then two strings: reserved, comment.
        var place = 8 + 4 + 8 + 8 + 8
        func string() -> ArraySlice<UInt8>? {
            guard place + 4 <= bytes.count else { return nil }
            let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            let start = place + 4
            guard length <= bytes.count - start else { return nil }
            place = start + length
            return bytes[start..<place]
        }
        guard string() != nil, let comment = string() else { return false }
        return comment.elementsEqual(mark.utf8)
    }
}
