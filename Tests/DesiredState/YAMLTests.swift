@testable import CurfewDesiredState
import Testing

@Suite struct YAMLTests {
    private func read(_ text: String, _ limits: LoadLimits = .init()) -> YAMLReader {
        read(Array(text.utf8), limits)
    }
    private func read(_ bytes: [UInt8], _ limits: LoadLimits = .init()) -> YAMLReader {
        let reader = YAMLReader(limits: limits)
        bytes.withUnsafeBytes { reader.read($0) }
        return reader
    }
    private func problem(_ text: String, _ limits: LoadLimits = .init()) -> String {
        let problems = read(text, limits).problems
        return problems.map { "\($0.position.line):\($0.position.column) \($0.message)" }.joined(separator: "\n")
    }

    @Test(arguments: [
        ("no", "string"), ("yes", "string"), ("on", "string"), ("12:30", "string"), ("1_000", "string"), ("0b1", "string"),
        ("0o17", "integer"), ("017", "integer"), ("0x1f", "integer"), ("-12", "integer"), ("+3", "integer"), ("0o18", "string"),
        (".inf", "float"), ("-.INF", "float"), (".nan", "float"), ("1e3", "float"), ("1.", "float"), (".5", "float"),
        (".", "string"), ("-", "string"), ("1e", "string"), ("+", "string"), ("~", "null"), ("null", "null"), ("NULL", "null"),
        ("nULL", "string"), ("true", "bool"), ("False", "bool"), ("tRUE", "string"), ("2026-01-01", "string"),
        ("0x", "string"), ("10.0.0.1", "string"), ("1.5.", "string"), ("", "null"),
    ])
    func coreSchema(_ text: String, _ type: String) {
        let bytes = Array(text.utf8)
        #expect(bytes.withUnsafeBufferPointer { "\(CoreSchema.type(of: $0))" } == type)
    }

    @Test func integers() {
        func value(_ text: String) -> Int? { Array(text.utf8).withUnsafeBufferPointer(CoreSchema.integer) }
        #expect(value("0o17") == 15)
        #expect(value("0x1F") == 31)
        #expect(value("017") == 17)
        #expect(value("-9223372036854775808") == .min)
        #expect(value("9223372036854775808") == nil)
        #expect(value("1000000000000000000000000000000") == nil)
    }

    @Test func severalDocumentsAndEmptyOnes() {
        #expect(read("a: 1\n---\n---\n# nothing\n---\nb: 2\n").documents.count == 2)
        #expect(read("").documents.isEmpty)
        #expect(read("---\n").problems.isEmpty)
    }

    @Test func positionsCountCharacters() {
        // Two bytes, four bytes: one column each.
        #expect(problem("{ ä: 1, 😀: 2, ä: 3 }") == "1:15 key 'ä' stands twice in this mapping; first at 1:3")
        #expect(problem("\u{FEFF}a: 1\na: 2").hasPrefix("2:1 key 'a' stands twice"))
    }

    @Test func duplicateKeysInSmallAndLargeMappings() {
        #expect(problem("a: 1\nb: 2\n\"a\": 3").hasPrefix("3:1 key 'a' stands twice in this mapping; first at 1:1"))
        let many = (0..<40).map { "k\($0): 1" }.joined(separator: "\n")
        #expect(problem(many + "\nk7: 2").hasPrefix("41:1 key 'k7' stands twice in this mapping; first at 8:1"))
        #expect(problem(many).isEmpty)
    }

    @Test func mergeKeysTagsAndOddKeysAreRefused() {
        #expect(problem("a: &x { b: 1 }\nc:\n  <<: *x").hasPrefix("3:3 the merge key '<<' is not supported"))
        #expect(problem("a: !!binary aGk=").hasPrefix("1:4 tag 'tag:yaml.org,2002:binary' is not supported"))
        #expect(problem("a: !include x").contains("tag '!include'"))
        #expect(problem("? [a]\n: 1").hasPrefix("1:3 a key has to be plain text"))
        #expect(problem("a: !!str 5\nb: !!map {}\nc: !!seq []").isEmpty)
    }

    @Test func aliasesExpandWithinTheLimit() {
        #expect(read("a: &x [1, 2]\nb: *x").problems.isEmpty)
        #expect(problem("a: *x").hasPrefix("1:4 alias '*x' has no anchor"))
        #expect(problem("a: &x [*x]").contains("inside its own anchor"))
        // An anchor does not live on into the next document.
        #expect(problem("a: &x 1\n---\nb: *x").contains("no anchor"))
    }

    @Test(.timeLimit(.minutes(1))) func aliasBomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let item = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\((0..<10).map { _ in item }.joined(separator: ", "))]\n"
        }
        #expect(problem(text).contains("more than 10000 nodes, aliases expanded"))
    }

    @Test func aliasesCannotGoAroundTheDepth() {
        var text = "a0: &a0 [x]\n"
        for level in 1...100 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(problem(text).contains("deeper than 64 levels, aliases expanded"))
    }

    @Test(.timeLimit(.minutes(1))) func tenMegabytesOfBrackets() {
        let bytes = [UInt8](repeating: 0x5B, count: 10 << 20)
        #expect(read(bytes).problems.first?.message.contains("at most 1048576 are allowed") == true)
        // Where the size is allowed, the depth ends it at once.
        let reader = read(bytes, LoadLimits(fileSize: 1 << 30))
        #expect(reader.problems.map(\.message) == ["nested deeper than 64 levels (limits.depth)"])
        #expect(reader.documents.isEmpty)
    }

    @Test func nodesAndDepthHaveTheirLimits() {
        let items = "[" + (0..<10_000).map { _ in "1" }.joined(separator: ",") + "]"
        #expect(problem(items).contains("more than 10000 nodes"))
        #expect(problem(items, LoadLimits(nodes: 10_001)).isEmpty)
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(problem(deep).isEmpty)
        #expect(problem("[" + deep + "]").contains("1:65 nested deeper"))
    }

    @Test func badBytes() {
        #expect(read([0xFF, 0xFE, 0x61, 0x00]).problems.first?.message.contains("UTF-16") == true)
        let invalid = read(Array("a: 1\nb: ".utf8) + [0xC3, 0x28])
        #expect(invalid.problems.first?.message.contains("not valid UTF-8") == true)
        #expect(invalid.problems.first?.position == Position(line: 2, column: 5))
        #expect(read(Array("a: ".utf8) + [0]).problems.first?.message.contains("not valid UTF-8 text") == true)
        #expect(problem("a:\n\t- b").contains("indent with spaces"))
    }

    @Test func aBrokenDocumentLeavesTheOnesBeforeIt() {
        let reader = read("a: 1\n---\nb: [1, 2\n---\nc: 3\n")
        #expect(reader.documents.count == 1)
        #expect(reader.stopped)
        #expect(reader.problems.count == 1)
    }

    @Test func aReaderIsUsedAgain() {
        let reader = YAMLReader(limits: .init())
        for text in ["a: [", "a: 1", "{", "b: &x [1]"] { Array(text.utf8).withUnsafeBytes { reader.read($0) } }
        #expect(reader.problems.isEmpty)
        #expect(reader.documents == [0])
    }
}
