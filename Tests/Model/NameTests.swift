import CurfewModel
import Testing

@Suite struct NameTests {
    @Test(arguments: ["a", "web", "a-1", "0", String(repeating: "x", count: 63)])
    func accepts(_ text: String) { #expect(Name(text)?.rawValue == text) }

    @Test(arguments: ["", "-a", "a-", "A", "a.b", "a/b", "..", "a\n", "é", "a b", String(repeating: "x", count: 64)])
    func refuses(_ text: String) { #expect(Name(text) == nil) }
}
