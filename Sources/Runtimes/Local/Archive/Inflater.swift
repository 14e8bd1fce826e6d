import CLauncher

/// Owns one zlib stream.
final class Inflater {
    /// How the deflated data is wrapped.
    enum Wrapping: Int32 { case none = 0, gzip = 1 }

    private let stream: OpaquePointer

    /// `nil` when memory runs out.
    init?(_ wrapping: Wrapping) {
        guard let stream = curfew_inflate_new(wrapping.rawValue) else { return nil }
        self.stream = stream
    }

    deinit { curfew_inflate_free(stream) }

    /// Inflates `input` and gives what comes out to `body` piece by piece. Returns how much of the input was used and
    /// whether the stream has ended; `nil` when the data is broken.
    func inflate(_ input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> (
        used: Int, ended: Bool
    )? {
        var output = [UInt8](repeating: 0, count: 64 << 10)
        var used = 0
        while true {
            var consumed = 0
            var produced = 0
            let result = output.withUnsafeMutableBufferPointer { output in
                curfew_inflate_step(
                    stream, input.baseAddress?.advanced(by: used).assumingMemoryBound(to: UInt8.self), input.count - used,
                    &consumed,
                    output.baseAddress, output.count, &produced)
            }
            guard result >= 0 else { return nil }
            used += consumed
            if produced > 0 {
                try output.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<produced])) }
            }
            if result == 1 { return (used, true) }
            if consumed == 0 && produced == 0 || used == input.count && produced < output.count { return (used, false) }
        }
    }

    /// Makes an ended stream ready for another gzip member.
    func reset() -> Bool { curfew_inflate_reset(stream) == 0 }
}
