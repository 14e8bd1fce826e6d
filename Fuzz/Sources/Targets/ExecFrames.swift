@testable import CurfewDaemon
import CurfewModel

/// The protocol of `curfew exec`: any account of the host may send this.
enum ExecFramesTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let whole = read([bytes])
        // In whatever pieces it arrives, it says the same.
        let middle = bytes.count / 3
        let pieces = read([.init(rebasing: bytes[..<middle]), .init(rebasing: bytes[middle...])])
        expect(whole.frames == pieces.frames && whole.failure == pieces.failure, "frames depend on how they arrive")
        for frame in whole.frames { take(frame) }
        var chunks = UTF8Chunks()
        let text = chunks.text(of: Array(bytes.prefix(middle))) + chunks.text(of: Array(bytes.dropFirst(middle))) + chunks.end()
        expect(text == String(decoding: bytes, as: UTF8.self), "text depends on how it arrives")
        expect(!CastText.quoted(text).utf8.contains { $0 < 0x20 }, "a recording with a control character")
    }

    private static func read(_ pieces: [UnsafeRawBufferPointer]) -> (frames: [ExecFrame], failure: ExecProtocolError?) {
        var reader = ExecFrameReader()
        var frames: [ExecFrame] = []
        for piece in pieces {
            reader.take(piece)
            do throws(ExecProtocolError) { while let frame = try reader.next() { frames.append(frame) } } catch {
                return (frames, error)
            }
        }
        return (frames, nil)
    }

    private static func take(_ frame: ExecFrame) {
        expect(frame.payload.count <= ExecFrame.limit, "a frame of \(frame.payload.count) bytes")
        switch frame.kind {
        case .request:
            guard let request = try? frame.json(ExecRequest.self), request.problem == nil else { return }
            let text = request.signedText(challenge: "0123456789abcdef")
            expect(text.utf8.count < 1 << 20, "what is signed has \(text.utf8.count) bytes")
            expect(SSHPublicKey(request.key)?.line == request.key, "a key of two spellings")
        case .resize: if let size = try? frame.json(ExecSize.self) { _ = size.isPossible }
        case .hello: _ = try? frame.json(ExecHello.self)
        case .accepted: _ = try? frame.json(ExecAccepted.self)
        case .end: _ = try? frame.json(ExecEnd.self)
        case .notice: _ = try? frame.json(ExecNotice.self)
        default: break
        }
    }
}
