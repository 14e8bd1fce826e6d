/// The 40 hexadecimal digits that name a Git object (SHA-1): a commit, a tree or a blob.
public struct ObjectID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 40 lower-case hexadecimal digits.
    public let hex: String

    /// Returns `nil` unless `hex` is exactly 40 hexadecimal digits in lower case.
    public init?(_ hex: String) {
        guard hex.utf8.count == 40, hex.utf8.allSatisfy(\.isLowerHexadecimal) else { return nil }
        self.hex = hex
    }

    /// The first eight digits, as people read them.
    public var short: String { String(hex.prefix(8)) }

    public var description: String { hex }

    public static func < (left: ObjectID, right: ObjectID) -> Bool { left.hex < right.hex }
}

extension ObjectID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ObjectID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a Git object id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

extension UInt8 {
    /// Whether this is the ASCII code of `0-9` or `a-f`.
    public var isLowerHexadecimal: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
