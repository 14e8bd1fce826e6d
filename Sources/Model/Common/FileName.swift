/// One name in a folder of a repository: bytes, as Git knows them. Two names are the same only when every byte is.
///
/// Never compared, split or searched as text: Swift holds texts for equal that differ in bytes (`é` written in two ways), and
/// takes a `/` and a combining mark behind it for one character.
public struct FileName: Hashable, Comparable, Sendable {
    /// The name itself; any byte but NUL and `/` in what comes from a canonical tree.
    public let bytes: [UInt8]

    /// Takes bytes as they are.
    public init(bytes: [UInt8]) { self.bytes = bytes }
    /// The UTF-8 of a text that stands in this source code or in a manifest.
    public init(_ text: String) { bytes = Array(text.utf8) }
    /// A name that is made of a DNS label.
    public init(_ name: Name) { bytes = Array(name.rawValue.utf8) }

    public static func == (left: FileName, right: FileName) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
    public static func < (left: FileName, right: FileName) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

    /// Whether it ends with the bytes of `suffix`.
    public func ends(with suffix: StaticString) -> Bool {
        suffix.withUTF8Buffer { end in bytes.count >= end.count && bytes.suffix(end.count).elementsEqual(end) }
    }

    /// Whether it is made of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-` alone and names something: the only names that policies,
    /// grants and manifests may have.
    public var isPlain: Bool {
        !bytes.isEmpty && self != "." && self != ".." && bytes.allSatisfy(\.isPlainInName)
    }

    /// The DNS label that this is, if it is one.
    public var label: Name? { isPlain ? Name(String(decoding: bytes, as: UTF8.self)) : nil }

    /// What follows the last `.` taken off, with that dot: `web.yaml` → `web`. A name without one stays.
    public var stem: FileName {
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return self }
        return FileName(bytes: Array(bytes[..<dot]))
    }

    /// Why no tree may have an entry of this name; `nil` = it may.
    public var fault: String? {
        if bytes.isEmpty { return "it has no name" }
        if bytes.contains(0) || bytes.contains(UInt8(ascii: "/")) { return "its name holds a '/' or a NUL" }
        if self == "." || self == ".." { return "its name is '\(shown)'" }
        return DotGit.isMeant(by: bytes) ? "some file systems take its name for '.git'" : nil
    }
}

extension FileName: ExpressibleByStringLiteral, CustomStringConvertible, Codable {
    public init(stringLiteral value: StaticString) { bytes = value.withUTF8Buffer { Array($0) } }
    /// For people only: what is not printable is written as an escape. Never put a path together of it.
    public var shown: String { RepositoryPath.shown(bytes) }
    public var description: String { shown }
    public init(from decoder: any Decoder) throws { bytes = try RepositoryPath(from: decoder).bytes }
    public func encode(to encoder: any Encoder) throws { try RepositoryPath(bytes: bytes).encode(to: encoder) }
}

extension UInt8 {
    /// Whether this is the ASCII code of a letter, a digit, `.`, `_` or `-`.
    public var isPlainInName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
