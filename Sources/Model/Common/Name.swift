/// A DNS label (RFC 1123): 1 to 63 of `a-z`, `0-9` and `-`, starting and ending with a letter or digit.
///
/// Names come from repositories, so they are hostile until they have passed through here: a `Name` never starts an
/// option, never leaves a folder and is safe in a path, a label and a configuration file.
public struct Name: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The label itself.
    public let rawValue: String

    /// Returns `nil` unless `text` is a DNS label.
    public init?(_ text: String) {
        guard (1...63).contains(text.utf8.count) else { return nil }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): continue
            default: return nil
            }
        }
        guard text.utf8.first != UInt8(ascii: "-"), text.utf8.last != UInt8(ascii: "-") else { return nil }
        rawValue = text
    }

    /// For names that stand in this source code.
    public init(literal: StaticString) {
        guard let name = Name(String(describing: literal)) else { preconditionFailure("not a DNS label: \(literal)") }
        self = name
    }

    public var description: String { rawValue }

    public static func < (left: Name, right: Name) -> Bool { left.rawValue < right.rawValue }
}

extension Name: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = Name(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a DNS label")
        }
        self = name
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension Name: CodingKeyRepresentable {
    public var codingKey: any CodingKey { PlainKey(stringValue: rawValue) }

    public init?(codingKey: some CodingKey) {
        self.init(codingKey.stringValue)
    }
}
