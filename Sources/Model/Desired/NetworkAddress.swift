/// An IPv4 or IPv6 address, as far as it matters who can be behind it.
public struct NetworkAddress: Hashable, Sendable {
    /// 4 or 16 bytes, in network order.
    public let bytes: [UInt8]

    /// `nil` unless there are 4 or 16 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Whether it is a single host's of the open Internet. Loopback, private, link-local (where clouds keep their metadata),
    /// multicast, reserved and documentation addresses are not, in whatever form: an IPv4 address inside an IPv6 one is judged
    /// as the IPv4 address that it stands for.
    public var isPublic: Bool {
        guard bytes.count == 16 else { return Self.isPublic(bytes[...]) }
        if let inner = Self.embedded(bytes) { return Self.isPublic(inner) }
        // What is given out lies in 2000::/3; all else is loopback, link-local, unique local, multicast or reserved.
        guard bytes[0] & 0xE0 == 0x20 else { return false }
        return !Self.reserved6.contains { $0.contains(bytes) }
    }

    /// IPv4-mapped (`::ffff:a.b.c.d`) and NAT64 (`64:ff9b::a.b.c.d`).
    private static func embedded(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        let translated: [UInt8] = [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)
        return bytes.starts(with: mapped) || bytes.starts(with: translated) ? bytes[12...] : nil
    }

    private static func isPublic(_ address: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(address)
        return !reserved4.contains { $0.contains(bytes) }
    }

    /// The first `length` bits of addresses.
    private struct Prefix {
        var bytes: [UInt8]
        var length: Int

        func contains(_ address: [UInt8]) -> Bool {
            for bit in 0..<length {
                let (index, mask) = (bit / 8, UInt8(0x80) >> UInt8(bit % 8))
                let wanted = index < bytes.count ? bytes[index] : 0
                guard index < address.count, address[index] & mask == wanted & mask else { return false }
            }
            return true
        }
    }

    /// IANA's registry of special-purpose addresses, with multicast and what is reserved.
    private static let reserved4: [Prefix] = [
        Prefix(bytes: [0], length: 8), Prefix(bytes: [10], length: 8), Prefix(bytes: [100, 64], length: 10),
        Prefix(bytes: [127], length: 8), Prefix(bytes: [169, 254], length: 16), Prefix(bytes: [172, 16], length: 12),
        Prefix(bytes: [192, 0, 0], length: 24), Prefix(bytes: [192, 0, 2], length: 24),
        Prefix(bytes: [192, 88, 99], length: 24), Prefix(bytes: [192, 168], length: 16),
        Prefix(bytes: [198, 18], length: 15), Prefix(bytes: [198, 51, 100], length: 24),
        Prefix(bytes: [203, 0, 113], length: 24), Prefix(bytes: [224], length: 3),
    ]
    /// Teredo, ORCHID and their like, documentation, and 6to4, which holds an IPv4 address.
    private static let reserved6: [Prefix] = [
        Prefix(bytes: [0x20, 0x01], length: 23), Prefix(bytes: [0x20, 0x01, 0x0D, 0xB8], length: 32),
        Prefix(bytes: [0x20, 0x02], length: 16), Prefix(bytes: [0x3F, 0xFF], length: 20),
    ]
}
