import CurfewModel
import Glibc

/// An address or network as OpenSSH takes it in `source-address` (`addr_match_list`): numbers alone, and no bit of a host in a
/// network. A list that it does not take refuses every login.
enum SourceAddress {
    /// OpenSSH reads no longer list.
    private static let longest = 1024

    /// Everything that is wrong with a list.
    static func problems(_ addresses: [String]) -> [String] {
        var problems = addresses.compactMap(problem)
        if addresses.count > 64 || addresses.joined(separator: ",").utf8.count > longest {
            problems.append("sourceAddresses may have at most 64 networks and 1024 bytes")
        }
        return problems
    }

    static func problem(_ text: String) -> String? {
        let shown = "sourceAddresses: '\(text.prefix(60).description.escapingControls)'"
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let bytes = bytes(parts[0]) else { return "\(shown) is no IPv4 or IPv6 address or network, such as 10.0.0.0/8" }
        guard parts.count == 2 else { return nil }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.utf8.count == 1 || digits.utf8.first != 0x30, let bits = Int(digits), bits <= bytes.count * 8
        else { return "\(shown) has to end in a number of bits from 0 to \(bytes.count * 8)" }
        for index in bytes.indices {
            let kept = min(8, max(0, bits - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> kept)
            guard bytes[index] & ~mask == 0 else {
                return
                    "\(shown) has bits of a host behind its first \(bits), which OpenSSH refuses; clear them, or drop '/\(bits)'"
            }
        }
        return nil
    }

    /// The address's bytes; `nil` when it is none. A zone, a name or a short form such as `10.1` is none.
    private static func bytes(_ text: String) -> [UInt8]? {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        return nil
    }
}
