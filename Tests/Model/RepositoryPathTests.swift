import CurfewModel
import Foundation
import Testing

/// Names of a repository are bytes: nothing that Swift holds for equal or takes for one character is.
@Suite struct RepositoryPathTests {
    @Test func combiningMarksGlueNothing() {
        let path = RepositoryPath("policies/\u{301}zz.yaml")
        #expect(path.isIn("policies") && path.isBelow("policies"))
        #expect(path.names == ["policies", FileName("\u{301}zz.yaml")])
        #expect(path.last?.isPlain == false && path.last?.ends(with: ".yaml") == true)
        #expect(RepositoryPath("policies\u{301}/x").isIn("policies") == false)
        #expect(RepositoryPath("policies-old/x").isIn("policies") == false)
        #expect(RepositoryPath("policies").isIn("policies") && !RepositoryPath("policies").isBelow("policies"))
    }

    @Test func canonicallyEqualNamesDiffer() {
        let (composed, decomposed) = (FileName("caf\u{E9}"), FileName("cafe\u{301}"))
        #expect(composed != decomposed && composed.shown != decomposed.shown)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test func whatIsShownTellsEveryNameApart() {
        let names: [[UInt8]] = [
            [0xE9], Array("\u{E9}".utf8), Array("\\xe9".utf8), Array("e\u{301}".utf8), Array("\\u{301}".utf8),
            Array("e\\u{301}".utf8), [0xC3], [0xA9], Array("a b".utf8), Array("a\u{A0}b".utf8), Array("a\u{200B}b".utf8),
            Array("a\nb".utf8),
        ]
        #expect(Set(names.map { FileName(bytes: $0).shown }).count == names.count)
        for name in names { #expect(!FileName(bytes: name).shown.unicodeScalars.contains { $0.value < 0x20 }) }
    }

    @Test func randomBytesSurviveEverything() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 1...40)).map { _ in
                Bool.random() ? UInt8.random(in: 1...255, using: &random) : UInt8(ascii: "/")
            }
            let path = RepositoryPath(bytes: bytes)
            #expect(Array(path.names.map(\.bytes).joined(separator: [UInt8(ascii: "/")])) == bytes)
            #expect(try JSONDecoder().decode(RepositoryPath.self, from: JSONEncoder().encode(path)) == path)
            let built = path.names.reduce(RepositoryPath.root) { $0.bytes.isEmpty && $1.bytes.isEmpty ? $0 : $0.appending($1) }
            if !bytes.starts(with: [UInt8(ascii: "/")]) { #expect(built == path) }
            for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") {
                #expect(path.isBelow(RepositoryPath(bytes: Array(bytes[..<index]))) || index == 0)
            }
        }
    }

    @Test(arguments: [
        ".git", ".GIT", ".Git", "git~1", "GIT~1", ".git.", ".git ", ".git . .", ".git::$INDEX_ALLOCATION", "git~1:x",
        ".g\u{200C}it",
        "\u{FEFF}.git", ".gi\u{200D}T", "a\\.git", "..", ".", "", "a/b",
    ])
    func noTreeMayHave(_ name: String) { #expect(FileName(name).fault != nil) }

    @Test(arguments: [".git2", "git", ".gitignore", "git~10", "...", ".gitx", "a.git", "\u{301}", "x y", "-", "\\", ".g it"])
    func anArtifactMayHave(_ name: String) { #expect(FileName(name).fault == nil) }
}
