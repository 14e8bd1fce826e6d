@testable import CurfewDesiredState
import Testing

@Suite struct YAMLWriterTests {
    @Test(arguments: [
        "plain", "", " ", "no", "Yes", "null", "~", "5", "0x1f", "1e3", "12:30", "1_000", "2026-01-01", "-x", "- x", "a: b",
        "a #b", "#",
        "{", "[a]", "*a", "&a", "!x", "%x", "@x", "`x`", "'", "\"", "\\", "a\nb", "a\nb\n", "\n", "\na", " a\nb", "a\r\nb",
        "\t", "x\ty",
        "\u{0}", "\u{1B}[0m", "\u{7F}", "\u{85}", "\u{2028}", "\u{202E}x", "ä", "😀", "\u{FEFF}", "a:", ":a", "?", "---", "...",
        "<<", "=",
        "a\u{301}", "trailing ", "|", ">", "1Gi", "30s", "500m", "$(PORT)",
    ])
    func whatIsWrittenIsReadAgain(_ text: String) throws {
        for value in [YAMLValue.map([("key", .text(text)), (text, .plain("1"))]), .list([.text(text), .list([.text(text)])])] {
            let written = try #require(YAMLWriter.document(value))
            let reader = YAMLReader(limits: LoadLimits())
            Array(written.utf8).withUnsafeBytes { reader.read($0) }
            #expect(reader.problems.isEmpty, "\(reader.problems) \(written)")
            #expect(reader.documents.count == 1)
            let scalars = reader.nodes.indices.filter { reader.nodes[$0].kind == .scalar }
            let decoder = Decoder(reader)
            let found = scalars.filter { reader.string($0) == text && decoder.type(of: $0) == .string }
            #expect(found.count == 2, "\(written.debugDescription)")
            #expect(written.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        }
    }

    @Test func shortListsStandOnOneLine() {
        #expect(YAMLWriter.document(.map([("a", .list([.text("x"), .text("y z")]))])) == "a: [x, \"y z\"]\n")
        #expect(YAMLWriter.document(.map([("a", .list([.map([("b", .plain("1"))])]))])) == "a:\n- b: 1\n")
    }
}
