import CurfewModel
import Testing

/// Whatever a repository says, it stays text in a comment on a forge and in a chat.
@Suite struct InertTextTests {
    private static let pieces = [
        "`", "``", "```", "|", "\\|", "\\\\|", "\\", "\n", "\r\n", "\u{2028}", "\u{85}", "@org/admins", "@here", "#12", "!7",
        "/approve", "/merge", "https://evil.example", "www.evil.example", "<script>", "<!--", "-->", "<br>", "![](x)", "[a](b)",
        "**", "~~~", "---", "&#64;", "&lt;", "\u{202E}", "\u{2066}", "\u{200B}", "\u{FEFF}", "\u{301}", "\u{E0041}", "\u{0}",
        "\u{1B}[2J", " ", "  ", "a", "é", "<https://x.example>", "$x", "deadbeefcafe", ":tada:", "\u{3164}", "\u{A0}",
    ]

    private static func texts() -> [String] {
        var random = SystemRandomNumberGenerator()
        var texts = pieces + pieces.map { $0 + "x" } + pieces.flatMap { a in pieces.map { a + $0 } }
        for _ in 0..<2000 {
            texts.append(
                (0..<Int.random(in: 0..<12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined())
            texts.append(
                String(
                    String.UnicodeScalarView(
                        (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &random)) })))
        }
        return texts
    }

    /// A small reader of a table's row: cells end at `|` outside an escape, and in a cell only code spans of one backtick and
    /// what stands in `allowed` may be. Returns what the code spans say.
    private static func read(_ row: String) -> [String]? {
        guard !row.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return nil }
        var cells: [String] = []
        var cell = ""
        var isEscaped = false
        for scalar in row.unicodeScalars {
            if scalar == "|", !isEscaped {
                cells.append(cell)
                cell = ""
            } else {
                cell.unicodeScalars.append(scalar)
            }
            isEscaped = scalar == "\\" && !isEscaped
        }
        guard cell.isEmpty, cells.first == "" else { return nil }
        return try? cells.dropFirst().map { cell in
            let parts = cell.unicodeScalars.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, parts[0] == " ", parts[2] == " ", !parts[1].isEmpty else { throw Active() }
            return parts[1]
        }
    }
    private struct Active: Error {}

    @Test func noTextLeavesItsCell() {
        for text in Self.texts() {
            let row = "| \(InertText.markdown(text)) | \(InertText.markdown("b")) |"
            let cells = Self.read(row)
            #expect(cells?.count == 2 && cells?.last == "b", "\(text.debugDescription)")
            // What is unseen or turns the writing round is spelt out.
            #expect(
                cells?.first?.unicodeScalars.allSatisfy {
                    !$0.properties.isDefaultIgnorableCodePoint && !$0.properties.isBidiControl
                } == true)
        }
    }

    @Test func whatIsPlainStaysReadable() {
        #expect(InertText.markdown("Raise replicas to 3 (INC-4821)") == "`Raise replicas to 3 (INC-4821)`")
        #expect(InertText.markdown("") == "`(empty)`")
        #expect(InertText.markdown(String(repeating: "x", count: 5000)).unicodeScalars.count == InertText.limit + 3)
    }

    @Test func aFenceOfAChatHoldsEverything() {
        for text in Self.texts() {
            let held = InertText.slack(text)
            #expect(!held.unicodeScalars.contains { $0 == "`" || $0 == "<" || $0 == ">" })
            #expect(held.unicodeScalars.allSatisfy { $0 == "\n" || !$0.properties.isDefaultIgnorableCodePoint })
            let entities = held.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).dropFirst()
            #expect(entities.allSatisfy { entity in ["amp;", "lt;", "gt;"].contains { entity.starts(with: $0.utf8) } })
        }
    }
}
