import CurfewModel
import Testing

/// What a message says to machines.
@Suite struct TrailerTests {
    private func values(_ message: String, _ key: String = "Curfew-Seal") -> [String] { Trailers(message).values(key) }

    @Test func theLastParagraphHoldsThem() {
        #expect(values("Seal\n\nCurfew-Seal: a\n") == ["a"])
        #expect(values("Seal\n\ntext\n\nOther: x\ncurfew-SEAL :  a b \t\n\n\n") == ["a b"])
        #expect(values("Seal\r\n\r\nCurfew-Seal: a\r\n") == ["a"])
        #expect(values("Seal\n\nCurfew-Seal: a\nCurfew-Seal: b\n") == ["a", "b"])
        #expect(values("Seal\n\nCurfew-Seal: a\n b\n") == ["a\nb"])
        #expect(values("Seal\n\nSigned-off-by: me\nsome text\nCurfew-Seal: a\n") == ["a"])
        #expect(Trailers("Seal\n\nCurfew-Seal: a\nCurfew-Seal: b\n").only("Curfew-Seal") == nil)
    }

    @Test(arguments: [
        "Curfew-Seal: a", "Curfew-Seal: a\n\ntext\n", "Seal\nCurfew-Seal: a\n", "Seal\n\ntext\nCurfew-Seal: a\n",
        "Seal\n\n Curfew-Seal: a\n", "Seal\n\nCurfew Seal: a\n", "Seal\n\nCurfew-Seal a\n", "", "\n\n\n", "Seal\n\n: a\n",
    ])
    func whatIsNone(_ message: String) { #expect(values(message).isEmpty, "\(message)") }

    /// What other systems take for the end of a line, for white space or for the same letter.
    @Test(arguments: ["\u{2028}", "\u{2029}", "\u{85}", "\u{B}", "\u{C}", "\r", "\u{A0}", "\u{0301}", "\u{200B}"])
    func onlyALineFeedEndsALine(_ odd: String) {
        #expect(values("Seal\(odd)\(odd)Curfew-Seal: a\n").isEmpty)
        #expect(values("Seal\n\ntext\(odd)Curfew-Seal: a\n").isEmpty)
        #expect(values("Seal\n\nOther: x\(odd)Curfew-Seal: a\n").isEmpty)
        #expect(values("Seal\n\nCurfew-Seal\(odd): a\n").isEmpty)
        #expect(values("Seal\n\nCurfew-Seal: a\(odd)b\n") == ["a\(odd)b"])
    }

    @Test func lettersAreTheSameByTheirBytes() {
        #expect(Trailers("x\n\n\u{212A}ey: a\n").entries.isEmpty)
        #expect(values("x\n\nCurfew-Seal: \u{e9}\n").map { Array($0.utf8) } == [[0xC3, 0xA9]])
    }
}
