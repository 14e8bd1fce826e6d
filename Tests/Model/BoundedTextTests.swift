import CurfewModel
import Testing

/// Texts are measured and taken apart by what they are made of.
@Suite struct BoundedTextTests {
    @Test func aBeginningIsCutBetweenScalars() {
        let text = "aä€\u{1F600}\u{301}"
        #expect((0...12).map { text.prefix(bytes: $0).utf8.count } == [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 12])
        #expect(text.prefix(bytes: -1).isEmpty && text.prefix(bytes: 1000) == text && "".prefix(bytes: 0).isEmpty)
        #expect(("e" + String(repeating: "\u{301}", count: 1000)).prefix(bytes: 100).utf8.count == 99)
    }

    @Test func aScalarIsReplacedWhateverFollows() {
        #expect("a<\u{338}b<".replacing(scalar: "<", with: "&lt;").utf8.elementsEqual("a&lt;\u{338}b&lt;".utf8))
        #expect("plain".replacing(scalar: "<", with: "x") == "plain")
    }
}
