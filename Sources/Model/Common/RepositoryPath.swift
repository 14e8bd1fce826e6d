/// A path from the root of a repository: names joined by `/`, bytes as Git knows them (see ``FileName``).
public struct RepositoryPath: Hashable, Comparable, Sendable {
    /// The path itself; empty for the root.
    public let bytes: [UInt8]

    /// The root.
    public static let root = RepositoryPath(bytes: [])
    private static let slash = UInt8(ascii: "/")

    /// Takes bytes as they are.
    public init(bytes: [UInt8]) { self.bytes = bytes }
    /// The UTF-8 of a text that stands in this source code or in a manifest.
    public init(_ text: String) { bytes = Array(text.utf8) }

    public static func == (left: RepositoryPath, right: RepositoryPath) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
    /// By bytes.
    public static func < (left: RepositoryPath, right: RepositoryPath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// The path of an entry of this folder.
    public func appending(_ name: FileName) -> RepositoryPath {
        guard !bytes.isEmpty else { return RepositoryPath(bytes: name.bytes) }
        var path = [UInt8]()
        path.reserveCapacity(bytes.count + 1 + name.bytes.count)
        path += bytes
        path.append(Self.slash)
        path += name.bytes
        return RepositoryPath(bytes: path)
    }

    /// Its names in order; an empty one where two `/` follow each other, none for the root.
    public var names: [FileName] {
        guard !bytes.isEmpty else { return [] }
        return bytes.split(separator: Self.slash, omittingEmptySubsequences: false).map { FileName(bytes: Array($0)) }
    }

    /// The last of its names; `nil` for the root.
    public var last: FileName? {
        guard !bytes.isEmpty else { return nil }
        let start = bytes.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
        return FileName(bytes: Array(bytes[start...]))
    }

    /// Whether it lies below `folder`, at any depth.
    public func isBelow(_ folder: RepositoryPath) -> Bool {
        let count = folder.bytes.count
        if count == 0 { return !bytes.isEmpty }
        return bytes.count > count && bytes[count] == Self.slash && bytes.starts(with: folder.bytes)
    }

    /// Whether it is `folder` or lies below it.
    public func isIn(_ folder: RepositoryPath) -> Bool { self == folder || isBelow(folder) }
}

extension RepositoryPath: ExpressibleByStringLiteral, CustomStringConvertible {
    public init(stringLiteral value: StaticString) { bytes = value.withUTF8Buffer { Array($0) } }
    /// For people only: what is not printable is written as an escape, so that no two paths look the same. Never put a path
    /// together of it.
    public var shown: String { Self.shown(bytes) }
    public var description: String { shown }

    static func shown(_ bytes: [UInt8]) -> String {
        if bytes.allSatisfy({ $0.isPlainInName || $0 == slash }) { return String(decoding: bytes, as: UTF8.self) }
        var text = ""
        var rest = bytes[...]
        while let first = rest.first {
            // The longest that one scalar can have; one that is not UTF-8 is a byte of its own.
            let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
            let part = rest.prefix(length)
            if let scalar = String(validating: part, as: UTF8.self)?.unicodeScalars.first {
                if isShownAsItIs(scalar) {
                    text.unicodeScalars.append(scalar)
                } else {
                    text += scalar == "\\" ? "\\\\" : "\\u{\(String(scalar.value, radix: 16))}"
                }
                rest = rest.dropFirst(part.count)
            } else {
                text += "\\x\(String(first, radix: 16))"
                rest = rest.dropFirst()
            }
        }
        return text
    }

    private static func isShownAsItIs(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator,
            .nonspacingMark, .spacingMark, .enclosingMark:
            return false
        default: return scalar != "\\"
        }
    }
}

/// Written as text where it is UTF-8, and as a list of bytes otherwise: nothing is changed on the way.
extension RepositoryPath: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            bytes = Array(text.utf8)
        } else {
            bytes = try container.decode([UInt8].self)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let text = String(validating: bytes, as: UTF8.self) {
            try container.encode(text)
        } else {
            try container.encode(bytes)
        }
    }
}
