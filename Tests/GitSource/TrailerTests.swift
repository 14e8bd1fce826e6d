import CurfewGitSource
import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

/// Git itself says what the trailers of a message are.
@Suite(.timeLimit(.minutes(2))) struct GitTrailerTests {
    @Test func gitReadsTheSame() async throws {
        let fixture = try await Fixture("trailers")
        var random = Numbers(seed: 7)
        let pieces = [
            "Curfew-Seal: a", "curfew-seal : b", "Key:c", "Key : d e", " folded", "\tfolded", "text", "text: with space: x", "",
            "", "  ", "# note", "Signed-off-by: me <m@e>", "(cherry picked from commit 1)", "K\u{e9}y: x", "Key: \u{2028}x",
            "Other\u{85}Curfew-Seal: z", "A\rCurfew-Seal: y", "Key: x\r", "\r", "-: x", ": x", "Key:", "\u{212A}ey: x", "---",
        ]
        var (stream, messages) = (Data(), [String]())
        for index in 0..<400 {
            let lines = (0..<random.below(9)).map { _ in pieces[random.below(pieces.count)] }
            let message = "Title \(index)\n" + lines.map { $0 + "\n" }.joined()
            messages.append(message)
            stream += Data("commit refs/heads/t\(index)\ncommitter a <a@e> 1700000000 +0000\n".utf8)
            stream += Data("data \(message.utf8.count)\n\(message)\n".utf8)
        }
        let file = fixture.scratch.file("stream")
        try stream.write(to: URL(filePath: file))
        let imported = try await execute("sh", ["-c", "git fast-import --quiet <\"$0\"", file], in: fixture.work)
        #expect(imported.code == 0, "\(imported.errors)")
        let shown = try await execute(
            "git", ["for-each-ref", "--format=%(refname:short)%01%(contents:trailers:only,unfold)%02", "refs/heads/t*"],
            in: fixture.work)
        var (seen, some) = (0, 0)
        for record in shown.output.split(separator: "\u{02}") {
            let parts = record.split(separator: "\u{01}", omittingEmptySubsequences: false)
            guard parts.count == 2, let index = Int(parts[0].drop { !$0.isNumber }) else { continue }
            let expected = Array(parts[1].utf8).split(separator: 10).map { collapsed(String(decoding: $0, as: UTF8.self)) }
            let found = Trailers(messages[index]).entries.map { collapsed("\($0.key): \($0.value)") }
            #expect(found == expected, "\(messages[index].debugDescription)")
            seen += 1
            if !found.isEmpty { some += 1 }
        }
        #expect(seen == messages.count && some > 30)
    }

    /// White space as Git's option `unfold` may leave it.
    private func collapsed(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isSpace = byte == 32 || byte == 9 || byte == 10 || byte == 13
            if !isSpace { bytes.append(byte) } else if bytes.last != 32 { bytes.append(32) }
        }
        if bytes.last == 32 { bytes.removeLast() }
        return bytes
    }
}
