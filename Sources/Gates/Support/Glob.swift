/// Globs of paths: `*` is anything within a folder, `**` anything across folders, `?` one character. No recursion: the time
/// is bounded by the product of both lengths, whatever somebody writes.
struct Glob {
    private let pattern: [[Character]]

    init(_ text: String) { pattern = text.split(separator: "/", omittingEmptySubsequences: false).map(Array.init) }

    func matches(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(Array.init)
        // reached[i]: the first i components of the pattern can match what was read so far.
        var reached = [Bool](repeating: false, count: pattern.count + 1)
        reached[0] = true
        spread(&reached)
        for part in parts {
            var next = [Bool](repeating: false, count: pattern.count + 1)
            for index in pattern.indices where reached[index] {
                if pattern[index] == ["*", "*"] {
                    next[index] = true
                } else if Self.matches(pattern[index][...], part[...]) {
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
        for index in pattern.indices where reached[index] && pattern[index] == ["*", "*"] { reached[index + 1] = true }
    }

    private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        var reached = [Bool](repeating: false, count: pattern.count + 1)
        reached[0] = true
        func spread(_ reached: inout [Bool]) {
            for (index, letter) in pattern.enumerated() where reached[index] && letter == "*" { reached[index + 1] = true }
        }
        spread(&reached)
        for character in text {
            var next = [Bool](repeating: false, count: pattern.count + 1)
            for (index, letter) in pattern.enumerated() where reached[index] {
                if letter == "*" { next[index] = true } else if letter == "?" || letter == character { next[index + 1] = true }
            }
            spread(&next)
            reached = next
        }
        return reached[pattern.count]
    }
}
