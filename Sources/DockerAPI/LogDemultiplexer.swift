import Foundation

/// Takes the two streams of a container's output apart: frames of eight bytes (stream, three zeros, length) and content.
/// What has no such frames (a terminal's output) is taken as it is.
struct LogDemultiplexer {
    /// Thrown to stop reading.
    struct Enough: Error {}
    /// A line is cut after so many bytes.
    static let longest = 4096

    private var raw = Data()
    private var isFramed: Bool?
    private var open: [UInt8: [UInt8]] = [:]
    private var ready: [String] = []

    mutating func add(_ data: Data) {
        raw.append(data)
        if isFramed == nil, raw.count >= 8 {
            let head = Array(raw.prefix(4))
            isFramed = head[0] <= 2 && head[1] == 0 && head[2] == 0 && head[3] == 0
        }
        guard let isFramed else { return }
        guard isFramed else {
            take(1, raw)
            raw = Data()
            return
        }
        // A slice, so that many small frames are not many copies of the rest.
        var rest = raw[...]
        while rest.count >= 8 {
            let head = Array(rest.prefix(8))
            let length = head[4...7].reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 8 + length else {
                // The engine's frames have at most 16 KiB; more is something else.
                if length > 1 << 20 { (self.isFramed, rest) = (false, Data()) }
                break
            }
            take(head[0], rest.dropFirst(8).prefix(length))
            rest = rest.dropFirst(8 + length)
        }
        raw = Data(rest)
    }

    /// The lines that have come to an end since the last call.
    mutating func lines() -> [String] {
        defer { ready = [] }
        return ready
    }

    /// Everything that is left, the last lines without an end too.
    mutating func finished() -> [String] {
        if isFramed == nil, !raw.isEmpty { take(1, raw) }
        for (_, rest) in open.sorted(by: { $0.key < $1.key }) where !rest.isEmpty {
            ready.append(String(decoding: rest, as: UTF8.self))
        }
        (open, raw) = ([:], Data())
        return lines()
    }

    private mutating func take(_ stream: UInt8, _ data: Data) {
        var line = open[stream] ?? []
        for byte in data {
            if byte == 10 {
                if line.last == 13 { line.removeLast() }
                ready.append(String(decoding: line, as: UTF8.self))
                line = []
            } else if line.count < Self.longest {
                line.append(byte)
            }
        }
        open[stream] = line
    }
}
