/// What an instance was made from: SHA-256 over the canonical form of everything that shapes it.
public struct Generation: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hex: String

    /// Returns `nil` unless `hex` is 64 lower-case hexadecimal digits.
    public init?(_ hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(\.isLowerHexadecimal) else { return nil }
        self.hex = hex
    }

    /// The first eight digits, as people read them and as instance names carry them.
    public var short: String { String(hex.prefix(8)) }

    /// Stands for a generation that cannot be known: 64 zeros.
    public static let unknown = Generation(zeros: 64)

    private init(zeros count: Int) { hex = String(repeating: "0", count: count) }

    public var description: String { hex }

    public static func < (left: Generation, right: Generation) -> Bool { left.hex < right.hex }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let generation = Generation(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a generation")
        }
        self = generation
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// The digest of each part of a generation, so that a plan can say which part changed.
/// Keys: `artifact`, `command`, `env`, `ports`, `resources`, `mounts`, `health`, `runtime`; values: 16 hex digits.
public typealias GenerationParts = [String: String]
