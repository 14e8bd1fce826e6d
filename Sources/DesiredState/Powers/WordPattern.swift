/// A pattern of a name or a path, byte by byte: `*` is anything but `/`, `**` anything.
struct WordPattern: Sendable {
    private enum Piece: Equatable {
        case byte(UInt8)
        case within
        case across
    }
    private let pieces: [Piece]

    init(_ text: String) {
        var pieces: [Piece] = []
        for byte in text.utf8 {
            if byte != UInt8(ascii: "*") {
                pieces.append(.byte(byte))
            } else if pieces.last == .within {
                pieces[pieces.count - 1] = .across
            } else if pieces.last != .across {
                pieces.append(.within)
            }
        }
        self.pieces = pieces
    }

    /// Takes time in the product of both lengths, whatever they are.
    func matches(_ text: String) -> Bool {
        // Positions of the pattern that the text so far can have brought us to.
        var reached = skipping([0])
        for byte in text.utf8 {
            var next: Set<Int> = []
            for position in reached where position < pieces.count {
                switch pieces[position] {
                case .byte(let wanted): if wanted == byte { next.insert(position + 1) }
                case .within: if byte != UInt8(ascii: "/") { next.insert(position) }
                case .across: next.insert(position)
                }
            }
            reached = skipping(next)
            if reached.isEmpty { return false }
        }
        return reached.contains(pieces.count)
    }

    /// A star may stand for nothing.
    private func skipping(_ positions: Set<Int>) -> Set<Int> {
        var result = positions
        for start in positions {
            var position = start
            while position < pieces.count, pieces[position] == .within || pieces[position] == .across {
                position += 1
                result.insert(position)
            }
        }
        return result
    }
}
