import CurfewModel

/// Globs of paths, matched byte by byte: `*` is anything within a folder, `**` anything across folders, `?` one character. No
/// recursion: the time is bounded by the product of both lengths, whatever somebody writes.
struct Glob {
    private let pattern: [[UInt8]]
    private static let anyDepth = Array("**".utf8)

    init(_ text: String) { pattern = RepositoryPath(text).names.map(\.bytes) }

    func matches(_ path: RepositoryPath) -> Bool {
        // reached[i]: the first i components of the pattern can match what was read so far.
        var reached = [Bool](repeating: false, count: pattern.count + 1)
        reached[0] = true
        spread(&reached)
        for part in path.names {
            var next = [Bool](repeating: false, count: pattern.count + 1)
            for index in pattern.indices where reached[index] {
                if pattern[index] == Self.anyDepth {
                    next[index] = true
                } else if Self.matches(pattern[index], part.bytes) {
                    next[index + 1] = true
                }
            }
            spread(&next)
            reached = next
        }
        return reached[pattern.count]
    }

    /// `**` may also stand for no folder at all; not at the end, where it has to stand for something.
    private func spread(_ reached: inout [Bool]) {
        for index in pattern.indices where reached[index] && pattern[index] == Self.anyDepth { reached[index + 1] = true }
    }

    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        let (star, one) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var reached = [Bool](repeating: false, count: pattern.count + 1)
        reached[0] = true
        func spread(_ reached: inout [Bool]) {
            for (index, letter) in pattern.enumerated() where reached[index] && letter == star { reached[index + 1] = true }
        }
        spread(&reached)
        for byte in text {
            var next = [Bool](repeating: false, count: pattern.count + 1)
            // The bytes that continue a character belong to the `?` that has taken its first one.
            let continues = byte & 0xC0 == 0x80
            for (index, letter) in pattern.enumerated() {
                if reached[index] {
                    if letter == star { next[index] = true } else if letter == one || letter == byte { next[index + 1] = true }
                }
                if continues, letter == one, reached[index + 1] { next[index + 1] = true }
            }
            spread(&next)
            reached = next
        }
        return reached[pattern.count]
    }
}
