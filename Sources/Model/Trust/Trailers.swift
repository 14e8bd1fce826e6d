/// The trailers of a commit's message, read by Git's own rules: `Key: value` lines in the last paragraph, which is not the
/// first one. Read as bytes and split at line feeds alone: what else a text system takes for the end of a line, for white
/// space or for the same letter is none here.
public struct Trailers: Hashable, Sendable {
    /// One of them.
    public struct Entry: Hashable, Sendable {
        /// As written: letters, digits and `-`.
        public var key: String
        /// Without the white space around it; a folded one holds its line feeds.
        public var value: String
    }
    /// In their order.
    public let entries: [Entry]

    /// Reads those of a whole message.
    public init(_ message: String) {
        let lines = Array(message.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        entries = Self.block(of: lines).map { Self.entries(of: lines[$0]) } ?? []
    }

    /// The values of a key, in order; the case of ASCII letters does not matter in the key.
    public func values(_ key: String) -> [String] {
        entries.filter { Self.isSame($0.key, key) }.map(\.value)
    }

    /// The value of a key that stands there exactly once.
    public func only(_ key: String) -> String? {
        let found = values(key)
        return found.count == 1 ? found[0] : nil
    }

    private typealias Line = ArraySlice<UInt8>

    /// What Git writes into a message itself; beside it a quarter of real trailers is enough.
    private static let generated = ["Signed-off-by: ", "(cherry picked from commit "].map { Array($0.utf8) }

    /// The lines of the last paragraph when they are trailers.
    private static func block(of lines: [Line]) -> Range<Int>? {
        guard let title = lines.firstIndex(where: { !isBlank($0) }),
            let end = lines.lastIndex(where: { !isBlank($0) && !isComment($0) }),
            let titleEnd = lines[title...].firstIndex(where: isBlank), titleEnd < end,
            let gap = lines[...end].lastIndex(where: isBlank)
        else { return nil }
        let block = (gap + 1)..<(end + 1)
        var (trailers, others, isGenerated, mayContinue) = (0, 0, false, false)
        for line in lines[block] {
            if isComment(line) {
                mayContinue = false
            } else if generated.contains(where: { line.starts(with: $0) }) {
                (isGenerated, mayContinue) = (true, true)
                trailers += 1
            } else if isSpace(line.first) {
                if !mayContinue { others += 1 }
            } else if separator(in: line) != nil {
                mayContinue = true
                trailers += 1
            } else {
                mayContinue = false
                others += 1
            }
        }
        return trailers > 0 && (others == 0 || isGenerated && trailers * 3 >= others) ? block : nil
    }

    private static func entries(of block: ArraySlice<Line>) -> [Entry] {
        var entries: [Entry] = []
        var isContinued = false
        for line in block {
            if isSpace(line.first) {
                if isContinued, let last = entries.indices.last { entries[last].value += "\n" + text(trimmed(line)) }
            } else if let colon = separator(in: line) {
                entries.append(Entry(key: text(trimmed(line[..<colon])), value: text(trimmed(line[(colon + 1)...]))))
                isContinued = true
            } else {
                isContinued = false
            }
        }
        return entries
    }

    /// Where the colon behind a key stands.
    private static func separator(in line: Line) -> Int? {
        var hasEnded = false
        for (index, byte) in zip(line.indices, line) {
            if byte == UInt8(ascii: ":") { return index > line.startIndex ? index : nil }
            let isSpace = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            if isSpace, index > line.startIndex {
                hasEnded = true
            } else if hasEnded || !isOfKey(byte) {
                return nil
            }
        }
        return nil
    }

    private static func isOfKey(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || byte == UInt8(ascii: "-")
    }

    /// What Git takes for white space.
    private static func isSpace(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    private static func isComment(_ line: Line) -> Bool { line.first == UInt8(ascii: "#") }
    private static func isBlank(_ line: Line) -> Bool { line.allSatisfy(isSpace) }
    private static func trimmed(_ line: Line) -> Line {
        let start = line.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return [] }
        return start[...last]
    }
    private static func text(_ line: Line) -> String { String(decoding: line, as: UTF8.self) }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        func lower(_ byte: UInt8) -> UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte }
        return left.utf8.elementsEqual(right.utf8) { lower($0) == lower($1) }
    }
}

extension CommitFacts {
    /// What its own message says to machines.
    public var trailers: Trailers { Trailers(message) }
}
