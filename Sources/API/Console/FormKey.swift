import Crypto

/// Proves that a form came from one of our pages: what no page of somebody else's can read or guess. Written differently each
/// time, so that the lengths of compressed pages tell nothing of it.
struct FormKey: Sendable {
    private let key = SymmetricKey(size: .bits256)
    private static let size = 32

    /// 128 hexadecimal digits for one caller.
    func proof(for caller: Caller) -> String {
        var random = SystemRandomNumberGenerator()
        let pad = (0..<Self.size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        return Self.hex(pad + zip(pad, code(caller)).map { $0 ^ $1 })
    }

    /// Whether it is one of ours, for this caller.
    func accepts(_ proof: String, from caller: Caller) -> Bool {
        guard let bytes = Self.bytes(proof), bytes.count == 2 * Self.size else { return false }
        let shown = zip(bytes[..<Self.size], bytes[Self.size...]).map { $0 ^ $1 }
        // All of it, whatever differs first.
        return zip(shown, code(caller)).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func code(_ caller: Caller) -> [UInt8] {
        // Of one session: what somebody else got to see while they were signed in proves nothing here.
        let text = "form\n\(caller.session ?? "none")\n\(caller.role.rawValue)\n\(caller.name)"
        return Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.reduce(into: "") { $0 += String($1 >> 4, radix: 16) + String($1 & 15, radix: 16) }
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = hex.utf8.compactMap { UInt8(exactly: Character(Unicode.Scalar($0)).hexDigitValue ?? 256) }
        guard digits.count == hex.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
