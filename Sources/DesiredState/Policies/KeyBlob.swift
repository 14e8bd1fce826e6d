internal import CurfewModel

/// What stands inside a public SSH key (RFC 4253, 5656, 8709 and OpenSSH's PROTOCOL.u2f): length-prefixed fields.
///
/// One key must have one spelling, or two persons could share it unnoticed: base64 with stray bits, bytes behind the last
/// field and numbers with leading zeros are refused.
enum KeyBlob {
    private enum Field {
        case text(String)
        case bytes(Int)
        /// A positive number without leading zeros.
        case number
        /// The application of a hardware key.
        case application
    }

    private static let fields: [String: [Field]] = [
        "ssh-ed25519": [.bytes(32)],
        "ssh-rsa": [.number, .number],
        "ecdsa-sha2-nistp256": [.text("nistp256"), .bytes(65)],
        "ecdsa-sha2-nistp384": [.text("nistp384"), .bytes(97)],
        "ecdsa-sha2-nistp521": [.text("nistp521"), .bytes(133)],
        "sk-ssh-ed25519@openssh.com": [.bytes(32), .application],
        "sk-ecdsa-sha2-nistp256@openssh.com": [.text("nistp256"), .bytes(65), .application],
    ]

    /// What is wrong with the body of a key, `nil` when it is whole.
    static func fault(of key: SSHPublicKey) -> String? {
        guard let bytes = decoded(key.body) else { return "its base64 is damaged" }
        var rest = bytes[...]
        guard let name = next(&rest) else { return "what is inside is no key" }
        guard name.elementsEqual(key.type.utf8) else {
            return "what is inside is no \(key.type) key, but says '\(String(decoding: name.prefix(40), as: UTF8.self))'"
        }
        for field in fields[key.type] ?? [] {
            guard let value = next(&rest) else { return "it is cut off" }
            let isRight =
                switch field {
                case .text(let text): value.elementsEqual(text.utf8)
                case .bytes(let count): value.count == count
                case .number: isNumber(value)
                case .application: !value.isEmpty
                }
            if !isRight { return "what is inside is damaged" }
        }
        return rest.isEmpty ? nil : "there is more behind its end"
    }

    private static func next(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.count >= 4 else { return nil }
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(4)
        guard length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length)
    }

    private static func isNumber(_ value: ArraySlice<UInt8>) -> Bool {
        guard let first = value.first, first < 0x80 else { return false }
        return first != 0 || value.dropFirst().first.map { $0 >= 0x80 } ?? false
    }

    /// Strict base64: the bits that stand for nothing have to be 0.
    private static func decoded(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        var (buffer, bits): (UInt32, Int) = (0, 0)
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 0x41
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 0x61 + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - 0x30 + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            buffer = (buffer << 6 | UInt32(value)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return buffer & ((1 << UInt32(bits)) - 1) == 0 ? result : nil
    }
}
