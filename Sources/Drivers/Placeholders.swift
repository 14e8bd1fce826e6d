/// `$(HOST)`, `$(PORT)` and `$(PORT_NAME)` in commands and environment values; `$$(` stands for a plain `$(`.
public enum Placeholders {
    /// Replaces what `values` has; anything else stays as it is written.
    public static func replaced(_ text: String, _ values: [String: String]) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$$(") {
                result += "$("
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("$("), let end = rest.firstIndex(of: ")"),
                let value = values[String(rest[rest.index(dollar, offsetBy: 2)..<end])]
            {
                result += value
                rest = rest[rest.index(after: end)...]
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }
}
