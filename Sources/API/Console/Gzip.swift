import CZlib

/// gzip (RFC 1952), by zlib.
enum Gzip {
    /// Shorter answers are not worth it.
    static let least = 1024

    /// The compressed bytes, `nil` when zlib does not want to.
    static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 31: the widest window, and the frame of gzip.
        guard
            deflateInit2_(
                &stream, 4, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let (inputSize, outputSize) = (UInt32(input.count), UInt32(output.count))
        let isDone = input.withUnsafeMutableBufferPointer { from in
            output.withUnsafeMutableBufferPointer { to in
                (stream.next_in, stream.avail_in) = (from.baseAddress, inputSize)
                (stream.next_out, stream.avail_out) = (to.baseAddress, outputSize)
                return deflate(&stream, Z_FINISH) == Z_STREAM_END
            }
        }
        guard isDone else { return nil }
        return Array(output.prefix(Int(stream.total_out)))
    }

    /// Whether a client takes it (`Accept-Encoding: …, gzip`, and not with `q=0`).
    static func isTaken(_ accepted: String?) -> Bool {
        (accepted ?? "").lowercased().split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { $0.filter { $0 != " " } }
            return words.first == "gzip"
                && !words.dropFirst().contains { $0 == "q=0" || $0.hasPrefix("q=0.0") && Double($0.dropFirst(2)) == 0 }
        }
    }
}
