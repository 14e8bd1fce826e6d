import CurfewModel

/// Lines of an asciicast v2 file: a header, then `[seconds, "o" | "i" | "r", text]`.
enum CastText {
    /// What the first line says.
    struct Header: Sendable {
        var columns: Int
        var rows: Int
        var at: Instant
        var title: String
        var term: String
        var shell: String
    }

    static func header(_ header: Header) -> String {
        "{\"version\": 2, \"width\": \(header.columns), \"height\": \(header.rows), \"timestamp\": \(header.at.milliseconds / 1000), "
            + "\"title\": \(quoted(header.title)), \"env\": {\"TERM\": \(quoted(header.term)), \"SHELL\": \(quoted(header.shell))}}\n"
    }

    /// - Parameter time: since the beginning.
    static func event(_ time: Duration, _ code: Character, _ text: String) -> String {
        let parts = time.components
        let micros = String(parts.attoseconds / 1_000_000_000_000)
        return "[\(parts.seconds).\(String(repeating: "0", count: 6 - micros.count))\(micros), \"\(code)\", \(quoted(text))]\n"
    }

    /// A JSON string.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [0x22]
        bytes.reserveCapacity(text.utf8.count + 16)
        let digits = Array("0123456789abcdef".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x0A: bytes += [0x5C, 0x6E]
            case 0x0D: bytes += [0x5C, 0x72]
            case 0x09: bytes += [0x5C, 0x74]
            case ..<0x20, 0x7F: bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
        return String(decoding: bytes, as: UTF8.self)
    }
}
