import Testing

@testable import CurfewSSHBackend

@Suite struct RevocationListTests {
    private let head = "# KRL version 7\n# CA key ssh-ed25519 SHA256:a\n"

    @Test func readsWhatIsOurs() {
        let list = RevocationList(printed: head + "serial: 1-3\nserial: 42\n", authority: "SHA256:a")
        #expect(list.version == 7 && list.serials == [1, 2, 3, 42] && list.isPlain)
        #expect(!RevocationList(printed: head + "serial: 1\n", authority: "SHA256:b").isPlain)
    }

    /// A few bytes of a list stand for thousands of serials.
    @Test(.timeLimit(.minutes(1))) func isBounded() {
        let ranges = (0..<5000).map { "serial: \($0 * 10_000)-\($0 * 10_000 + 9_998)\n" }.joined()
        let list = RevocationList(printed: head + ranges, authority: "SHA256:a")
        #expect(list.serials.count <= RevocationList.mostSerials + 10_000 && !list.isPlain)
    }
}
