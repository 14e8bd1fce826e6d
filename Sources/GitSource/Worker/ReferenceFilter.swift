/// Lets only those lines of a list of references through that matter here: a host may have any number of others, and libgit2
/// keeps them all in memory.
struct ReferenceFilter {
    /// Most lines of approvals.
    private static let mostApprovals = 1_000_000
    /// Branches that are let through to be named when the right one is not there.
    private static let mostBranches = 10

    private let branch: [UInt8]
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var sent = 0
    /// Lines so far, with those that end a part.
    private var lines = 0
    private var (approvals, branches) = (0, 0)

    init(branch: String) { self.branch = Array("refs/heads/\(branch)".utf8) }

    /// Takes what came.
    /// - Returns: whether it is a list at all.
    mutating func add(_ bytes: UnsafeRawBufferPointer) -> Bool {
        input += bytes
        var start = 0
        while input.count - start >= 4 {
            guard let length = Self.length(input[start..<(start + 4)]) else { return false }
            if length < 4 {
                output += input[start..<(start + 4)]
                start += 4
                continue
            }
            guard input.count - start >= length else { break }
            let line = input[start..<(start + length)]
            if isWanted(line.dropFirst(4)) { output += line }
            lines += 1
            start += length
        }
        input.removeFirst(start)
        return true
    }

    /// Moves what may be handed on.
    mutating func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = output[sent...].prefix(buffer.count)
        buffer.copyBytes(from: part)
        sent += part.count
        if sent == output.count { (output, sent) = ([], 0) }
        return part.count
    }

    /// At the end: a line that was broken off, for libgit2 to complain of.
    mutating func rest(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        output += input
        input = []
        return take(into: buffer)
    }

    private static func length(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | Int(digit - 0x30)
            case 0x41...0x46: value = value << 4 | Int(digit - 0x37)
            case 0x61...0x66: value = value << 4 | Int(digit - 0x57)
            default: return nil
            }
        }
        return value
    }

    /// `<40 digits> <name>`; the first two say which service this is and what it can do.
    private mutating func isWanted(_ line: ArraySlice<UInt8>) -> Bool {
        guard lines > 1 else { return true }
        let name = line.dropFirst(41).prefix { $0 != 0x0A && $0 != 0 }
        if name.elementsEqual(branch) || name.starts(with: "refs/curfew/".utf8) { return true }
        if name.starts(with: "refs/tags/approvals/".utf8) {
            approvals += 1
            return approvals <= Self.mostApprovals
        }
        if name.starts(with: "refs/heads/".utf8) {
            branches += 1
            return branches <= Self.mostBranches
        }
        return false
    }
}
