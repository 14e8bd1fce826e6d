import Foundation

/// One member of a backup: a plain file of the ustar format, which every `tar` reads. Nothing else is written, and nothing
/// else is taken: no folders, no links, no devices, no extensions.
struct TarHeader: Sendable, Hashable {
    /// Relative, its parts separated by single slashes.
    var path: String
    /// In bytes, at most 8 GiB less one.
    var size: Int64
    /// When the file was changed, in seconds since 1970.
    var modified: Int64

    /// Bytes of a header and of the unit that content is filled up to.
    static let block = 512
    static let mostSize: Int64 = 1 << 33 - 1

    /// The header's block; `nil` when the path or the size does not fit.
    var encoded: [UInt8]? {
        guard let (prefix, name) = split, (0...Self.mostSize).contains(size) else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { bytes[offset + index] = byte }
        }
        func octal(_ value: Int64, _ width: Int) -> String.UTF8View {
            let digits = String(max(0, value), radix: 8)
            return (String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits).utf8
        }
        put(name.utf8, at: 0)
        put(octal(0o600, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(min(modified, Self.mostSize), 11), at: 136)
        bytes[156] = UInt8(ascii: "0")
        put("ustar\0".utf8, at: 257)
        put("00".utf8, at: 263)
        put(prefix.utf8, at: 345)
        put(octal(Self.checksum(bytes), 6), at: 148)
        bytes[155] = UInt8(ascii: " ")
        return bytes
    }

    init(path: String, size: Int64, modified: Int64) { (self.path, self.size, self.modified) = (path, size, modified) }

    /// Reads a header's block. `nil` when it is none, or one of anything but a plain file.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.block, bytes[156] == UInt8(ascii: "0"), Array(bytes[257..<263]) == Array("ustar\0".utf8),
            Self.number(bytes[148..<156]) == Self.checksum(bytes), let size = Self.number(bytes[124..<136]),
            let modified = Self.number(bytes[136..<148]), let name = Self.text(bytes[0..<100]),
            let prefix = Self.text(bytes[345..<500])
        else { return nil }
        self.init(path: prefix.isEmpty ? name : prefix + "/" + name, size: size, modified: modified)
    }

    /// The path in the two fields that ustar has for it.
    private var split: (prefix: String, name: String)? {
        if path.utf8.count <= 100 { return ("", path) }
        for slash in path.indices where path[slash] == "/" {
            let (prefix, name) = (path[..<slash], path[path.index(after: slash)...])
            if prefix.utf8.count <= 155, (1...100).contains(name.utf8.count) { return (String(prefix), String(name)) }
        }
        return nil
    }

    /// The sum of all bytes, those of the sum itself counted as spaces.
    private static func checksum(_ bytes: [UInt8]) -> Int64 {
        bytes.enumerated().reduce(0) { $0 + Int64((148..<156).contains($1.offset) ? 32 : $1.element) }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String? {
        String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        let digits = field.prefix { $0 != 0 && $0 != 32 }
        guard !digits.isEmpty, digits.count <= 11, digits.allSatisfy({ (48...55).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int64($1 - 48) }
    }
}
