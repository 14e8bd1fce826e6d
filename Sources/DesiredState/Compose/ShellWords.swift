/// Splits a line into words as a shell would, without doing anything else: quotes and backslashes, no variables, no globs.
enum ShellWords {
    /// `nil` when a quote is not closed or the line ends in a backslash.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var rest = line.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case " ", "\t", "\n", "\r":
                if let finished = word { words.append(finished) }
                word = nil
            case "'":
                guard let end = rest.firstIndex(of: "'") else { return nil }
                word = (word ?? "") + String(rest[..<end])
                rest = rest[rest.index(after: end)...]
            case "\"":
                guard let text = quoted(&rest) else { return nil }
                word = (word ?? "") + text
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                // A backslash at the end of a line joins it with the next.
                if next != "\n" { word = (word ?? "") + String(next) }
            default: word = (word ?? "") + String(scalar)
            }
        }
        if let finished = word { words.append(finished) }
        return words
    }

    private static func quoted(_ rest: inout String.UnicodeScalarView.SubSequence) -> String? {
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return String(text) }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard let next = rest.popFirst() else { return nil }
            if next == "\n" { continue }
            if !"\\\"$`".unicodeScalars.contains(next) { text.append("\\") }
            text.append(next)
        }
        return nil
    }
}
