/// Turns a stream of bytes into text, piece by piece: a character that is cut by the end of a piece waits for the next one,
/// and what is no UTF-8 becomes U+FFFD.
struct UTF8Chunks: Sendable {
    private var rest: [UInt8] = []

    /// The text that `bytes` complete.
    mutating func text(of bytes: [UInt8]) -> String {
        let all = rest + bytes
        let keep = Self.unfinished(all)
        rest = Array(all.suffix(keep))
        return String(decoding: all.dropLast(keep), as: UTF8.self)
    }

    /// What is left at the end of the stream.
    mutating func end() -> String {
        defer { rest = [] }
        return String(decoding: rest, as: UTF8.self)
    }

    /// How many of the last bytes, 0 to 3, begin a character that is not whole yet.
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0b1100_0000 == 0b1000_0000 { continue }
            let length = byte >= 0xF0 && byte < 0xF8 ? 4 : byte >= 0xE0 && byte < 0xF0 ? 3 : byte >= 0xC2 && byte < 0xE0 ? 2 : 1
            return length > back ? back : 0
        }
        return 0
    }
}
