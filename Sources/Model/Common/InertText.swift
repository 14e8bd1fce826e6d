/// Text of a repository on its way into Markdown or a chat: nothing in it can become markup, a link, a mention, a command of a
/// forge or the end of what stands around it.
///
/// Markdown has no escape that holds everywhere: entities are decoded before a forge looks for `@names` and `#12`, and a backslash
/// before `\|` ends a cell. What every dialect leaves alone is code, so all of it becomes one code span without the characters
/// that could end one.
public enum InertText {
    /// Most scalars of one text; what is beyond is cut off and marked so.
    public static let limit = 2000

    /// A code span for any place of a line, a table's cell too.
    public static func markdown(_ text: some StringProtocol) -> String {
        let plain = plain(text)
        return plain.unicodeScalars.allSatisfy { $0 == " " } ? "`(empty)`" : "`\(plain)`"
    }

    /// The content of a fence of a chat that reads `&`, `<` and `>` as Slack does. Line breaks stay.
    public static func slack(_ text: some StringProtocol) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { plain($0) }
        return lines.joined(separator: "\n").replacing(scalar: "&", with: "&amp;").replacing(scalar: "<", with: "&lt;")
            .replacing(scalar: ">", with: "&gt;")
    }

    /// One line of visible characters, none of which ends a code span or a cell. Others look nearly the same.
    private static func plain(_ text: some StringProtocol) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        // A mark would sit on what stands before the text.
        switch text.unicodeScalars.first?.properties.generalCategory {
        case .nonspacingMark?, .spacingMark?, .enclosingMark?: result.append("◌")
        default: break
        }
        for scalar in text.unicodeScalars {
            guard count < limit else {
                result.append("…")
                break
            }
            count += 1
            switch scalar {
            case "`": result.append("'")
            case "|": result.append("¦")
            case "\\": result.append("∖")
            default:
                if isVisible(scalar) {
                    result.append(scalar)
                } else {
                    result.append(contentsOf: "[U+\(String(scalar.value, radix: 16, uppercase: true))]".unicodeScalars)
                }
            }
        }
        return String(result)
    }

    /// Not what breaks lines, turns the direction of writing, is unseen, or is nobody's.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        case .spaceSeparator: scalar == " "
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
