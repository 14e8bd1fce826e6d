/// How long a backtracking engine may look for a regular expression, guessed from the expression alone.
///
/// Swift's engine has no limit of time: `^([A-Z]+-?)+: ` takes half a minute for twenty letters and hours for thirty, and
/// whoever asks for access writes the text. A policy with such a pattern would let one request stop every ending of access.
enum PatternCost {
    /// Length of the longest reason, and so the most turns of a loop.
    private static let longest = 512.0
    /// Three loops that do not contain each other, over the longest reason: about a second at worst.
    private static let limit = 140_000_000.0

    /// One group that is open.
    private struct Level {
        /// Ways through the alternatives that have ended.
        var ended = 0.0
        /// Ways through this alternative, without its last element.
        var ways = 1.0
        /// Ways through the last element.
        var last = 1.0

        var total: Double { ended + ways * last }
        mutating func add(_ cost: Double) { (ways, last) = (ways * last, cost) }
    }

    /// Why a pattern is not taken, `nil` when it is. It has to be one that Swift can read.
    static func fault(_ pattern: String) -> String? {
        let text = Array(pattern.unicodeScalars)
        var levels = [Level()]
        var index = 0
        var isSplit = false
        while index < text.count {
            let scalar = text[index]
            index += 1
            switch scalar {
            case "\\":
                guard index < text.count else { return nil }
                if text[index] == "Q" { return "'\\Q' is not taken; put a backslash before each character" }
                let takesBraces = "pPxuNkgo".unicodeScalars.contains(text[index])
                index += 1
                if takesBraces, index < text.count, text[index] == "{" { skip(to: "}", text, &index) }
                levels[levels.count - 1].add(1)
            case "[":
                skipClass(text, &index)
                levels[levels.count - 1].add(1)
            case "(":
                if index < text.count, text[index] == "?" {
                    guard
                        let prefix = ["?:", "?i:", "?i)", "?=", "?!"].first(where: {
                            text[index...].starts(with: $0.unicodeScalars)
                        })
                    else { return "of groups that begin with '(?' only (?:…), (?i), (?=…) and (?!…) are taken" }
                    index += prefix.unicodeScalars.count
                    if prefix.hasSuffix(")") { continue }
                }
                levels.append(Level())
            case ")":
                guard levels.count > 1, let closed = levels.popLast() else { return nil }
                levels[levels.count - 1].add(closed.total)
            case "|":
                if levels.count == 1 { isSplit = true }
                let level = levels[levels.count - 1]
                levels[levels.count - 1] = Level(ended: level.total)
            default:
                if let range = quantifier(scalar, text, &index) {
                    levels[levels.count - 1].last = repeated(levels[levels.count - 1].last, range)
                } else {
                    levels[levels.count - 1].add(1)
                }
            }
        }
        // Without an anchor every place of the text is tried.
        let isAnchored = !isSplit && (pattern.hasPrefix("^") || pattern.hasPrefix("(?i)^"))
        let cost = (levels.first?.total ?? 1) * (isAnchored ? 1 : longest + 1)
        if cost <= limit { return nil }
        return "could take hours on a text made for it: write it without loops in loops, with few of '*' and '+'"
            + (isAnchored ? "" : ", and begin it with '^'")
    }

    private static func repeated(_ cost: Double, _ range: (least: Double, most: Double)) -> Double {
        let choices = range.most - range.least + 1
        if cost == 1 { return choices }
        var result = choices
        for _ in 0..<Int(range.most) where result <= limit { result *= cost }
        return result
    }

    /// `*`, `+`, `?` or `{1,3}`, with what makes it lazy or possessive.
    private static func quantifier(_ scalar: Unicode.Scalar, _ text: [Unicode.Scalar], _ index: inout Int)
        -> (least: Double, most: Double)?
    {
        var range: (least: Double, most: Double)
        switch scalar {
        case "*": range = (0, longest)
        case "+": range = (1, longest)
        case "?": range = (0, 1)
        case "{":
            guard let end = text[index...].firstIndex(of: "}") else { return nil }
            let parts = String(String.UnicodeScalarView(text[index..<end])).split(
                separator: ",", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
                parts.contains(where: { !$0.isEmpty })
            else { return nil }
            let least = min(Double(parts[0]) ?? 0, longest)
            range = (least, parts.count == 1 ? least : max(least, min(Double(parts[1]) ?? longest, longest)))
            index = end + 1
        default: return nil
        }
        if index < text.count, text[index] == "?" || text[index] == "+" { index += 1 }
        return range
    }

    private static func skip(to end: Unicode.Scalar, _ text: [Unicode.Scalar], _ index: inout Int) {
        index = (text[index...].firstIndex(of: end) ?? text.count - 1) + 1
    }

    /// A character class, which may hold others.
    private static func skipClass(_ text: [Unicode.Scalar], _ index: inout Int) {
        var depth = 1
        while index < text.count, depth > 0 {
            switch text[index] {
            case "\\": index += 1
            case "[": depth += 1
            case "]": depth -= 1
            default: break
            }
            index += 1
        }
    }
}
