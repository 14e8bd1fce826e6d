internal import Mustache

/// Text in HTML, between tags or within double or single quotes. Byte by byte: to Swift a quotation mark with a combining mark
/// behind it is one character and no quotation mark; to a browser it is one.
struct HTMLText: MustacheContentType {
    static let name = "CURFEW-HTML"

    func escapeText(_ text: String) -> String { Self.escaped(text) }

    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: isSpecial) else { return text }
        // Marks that turn the direction of a line round can make a page say what it does not say.
        let text = text.utf8.contains(0xE2) ? String(String.UnicodeScalarView(text.unicodeScalars.filter { !turns($0) })) : text
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 32)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
            case UInt8(ascii: "'"): bytes += Array("&#39;".utf8)
            case UInt8(ascii: "`"): bytes += Array("&#96;".utf8)
            // Control characters are shown as their pictures, U+2400 and up.
            case 0x09, 0x0A: bytes.append(byte)
            case 0x00...0x1F: bytes += [0xE2, 0x90, 0x80 + byte]
            case 0x7F: bytes += [0xE2, 0x90, 0xA1]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            true
        case 0x00...0x08, 0x0B...0x1F, 0x7F, 0xE2: true
        default: false
        }
    }

    private static func turns(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}
