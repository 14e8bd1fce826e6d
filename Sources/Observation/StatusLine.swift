/// Reads the status out of an HTTP/1 answer that comes in pieces. Holds at most ``limit`` bytes.
struct StatusLine: Sendable {
    enum Progress: Sendable, Equatable {
        case needsMore
        case status(Int)
        case notHTTP
    }
    /// Of all that comes before the final status: a status line, and interim answers with their headers.
    static let limit = 16 << 10
    private var bytes: [UInt8] = []

    /// Takes the next piece.
    mutating func take(_ piece: some Collection<UInt8>) -> Progress {
        bytes += piece.prefix(Self.limit - bytes.count)
        while true {
            // "HTTP/1.1 200": what follows may be empty or any text.
            let head = Array("HTTP/1.".utf8)
            guard bytes.prefix(head.count).elementsEqual(head.prefix(bytes.count)) else { return .notHTTP }
            guard bytes.count > 12 else { return .needsMore }
            let digits = bytes[9..<12]
            guard bytes[8] == UInt8(ascii: " "), digits.allSatisfy({ (48...57).contains($0) }),
                [UInt8(ascii: " "), 13, 10].contains(bytes[12])
            else { return .notHTTP }
            let code = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
            guard (100...199).contains(code) else { return code < 600 ? .status(code) : .notHTTP }
            // An interim answer (100, 103) is followed by another.
            guard let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) })
            else { return bytes.count < Self.limit ? .needsMore : .notHTTP }
            bytes.removeFirst(end + 4)
            if bytes.isEmpty { return .needsMore }
        }
    }
}
