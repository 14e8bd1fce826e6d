import CurfewModel
import Testing

@testable import CurfewDaemon

/// Bytes and frames, texts and recordings.
@Suite struct FrameTests {
    @Test func framesComeHoweverTheyAreCut() throws {
        let frames = [
            ExecFrame(.input, [1, 2, 3]), ExecFrame(.closeInput), ExecFrame(.output, Array(repeating: 7, count: 65_536)),
        ]
        let bytes = frames.flatMap(\.bytes)
        for size in [1, 2, 3, 1000, bytes.count] {
            var (reader, read): (ExecFrameReader, [ExecFrame]) = (ExecFrameReader(), [])
            for start in stride(from: 0, to: bytes.count, by: size) {
                reader.take(bytes[start..<min(start + size, bytes.count)])
                while let frame = try reader.next() { read.append(frame) }
            }
            #expect(read == frames)
        }
    }

    @Test func noTwoRequestsHaveTheSameText() {
        let first = ExecRequest(grant: "a", workload: "b", command: ["x", "y z"], key: "k")
        var texts = Set([first.signedText(challenge: "c")])
        for command in [["x", "y", "z"], ["x y", "z"], ["x", "y z", ""], ["x\nword 1 y", "z"]] {
            var other = first
            other.command = command
            texts.insert(other.signedText(challenge: "c"))
        }
        var other = first
        other.instance = "-"
        texts.insert(other.signedText(challenge: "c"))
        texts.insert(first.signedText(challenge: "d"))
        #expect(texts.count == 7)
    }

    @Test func charactersThatAreCutWaitForTheirRest() {
        let text = "aä€😀z"
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var chunks = UTF8Chunks()
            var read = ""
            for start in stride(from: 0, to: bytes.count, by: size) {
                read += chunks.text(of: Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(read + chunks.end() == text)
        }
        var chunks = UTF8Chunks()
        #expect(chunks.text(of: [0x61, 0xFF, 0xC0, 0x80, 0x62]).hasPrefix("a\u{FFFD}"))
        #expect(chunks.text(of: [0xE2, 0x82]) == "")
        #expect(chunks.end() == "\u{FFFD}")
    }

    @Test func eventsAreLinesOfJSON() {
        #expect(
            CastText.event(.milliseconds(1500), "o", "a\"\\\u{1B}\r\n\u{7F}ä")
                == "[1.500000, \"o\", \"a\\\"\\\\\\u001b\\r\\n\\u007fä\"]\n")
    }
}
