/// Takes out of a recording what would drive the terminal of whoever watches it: strings for the terminal itself (titles, the
/// clipboard, files), questions that it would answer as if somebody typed, and changes of its modes of input.
struct TerminalFilter {
    private enum State {
        case text
        case escape
        case control(String)
        case string
        case stringEscape
    }
    private var state = State.text

    /// What may be shown of `text`; a sequence that is cut by its end goes on in the next piece.
    mutating func passed(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch state {
            case .text:
                switch scalar.value {
                case 0x1B: state = .escape
                case 0x9B: state = .control("")
                case 0x90, 0x98, 0x9D, 0x9E, 0x9F: state = .string
                case 0x05, 0x80..<0xA0: break
                default: result.append(scalar)
                }
            case .escape:
                switch scalar {
                case "[": state = .control("")
                case "]", "P", "X", "^", "_": state = .string
                case "\u{1B}": break
                // What it is (DECID), a reset of everything, the keypad.
                case "Z", "c", "=", ">": state = .text
                default:
                    result.append("\u{1B}")
                    result.append(scalar)
                    state = .text
                }
            case .control(let parameters):
                guard (0x40...0x7E).contains(scalar.value) else {
                    state = parameters.utf8.count < 256 ? .control(parameters + String(scalar)) : .text
                    continue
                }
                if Self.isHarmless(parameters, scalar) {
                    result.append(contentsOf: "\u{1B}[\(parameters)".unicodeScalars)
                    result.append(scalar)
                }
                state = .text
            case .string:
                if scalar == "\u{07}" || scalar.value == 0x9C || scalar.value == 0x18 || scalar.value == 0x1A { state = .text }
                if scalar == "\u{1B}" { state = .stringEscape }
            case .stringEscape: state = scalar == "\u{1B}" ? .stringEscape : scalar == "\\" ? .text : .string
            }
        }
        return String(result)
    }

    private static func isHarmless(_ parameters: String, _ final: Unicode.Scalar) -> Bool {
        // Moving, erasing, colours, scrolling.
        if "ABCDEFGHIJKLMPSTXZ`abdefgmrs@u".unicodeScalars.contains(final) {
            return parameters.allSatisfy { "0123456789;:".contains($0) }
        }
        // The other screen, the cursor's look, wrapping, the origin.
        guard final == "h" || final == "l" else { return false }
        return ["?1049", "?1047", "?47", "?25", "?12", "?7", "?6", "4"].contains(parameters)
    }
}
