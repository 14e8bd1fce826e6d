/// One message between `curfew exec` and the daemon: a length, a kind, and bytes. docs/reference/exec-protocol.md tells all.
public struct ExecFrame: Sendable, Hashable {
    /// What the bytes are.
    public enum Kind: UInt8, Sendable {
        /// Server: JSON, ``ExecHello``.
        case hello = 0x48
        /// Client: JSON, ``ExecRequest``.
        case request = 0x51
        /// Server: JSON, ``ExecAccepted``.
        case accepted = 0x41
        /// Server: JSON, ``ExecEnd``; the last one.
        case end = 0x45
        /// Server: JSON, ``ExecNotice``.
        case notice = 0x4E
        /// Server: what the command wrote, or its terminal shows.
        case output = 0x6F
        /// Server: what the command wrote to its standard error.
        case errors = 0x65
        /// Client: what the person typed.
        case input = 0x69
        /// Client: no more input comes; no bytes.
        case closeInput = 0x63
        /// Client: JSON, ``ExecSize``.
        case resize = 0x72
    }
    /// Most bytes behind the kind.
    public static let limit = 64 << 10
    /// What is sent at once of a longer piece.
    public static let piece = 32 << 10

    /// What the bytes are.
    public var kind: Kind
    /// At most ``limit`` bytes.
    public var payload: [UInt8]

    /// Makes a frame.
    public init(_ kind: Kind, _ payload: [UInt8] = []) { (self.kind, self.payload) = (kind, payload) }

    /// 4 bytes of length (big-endian, of the payload), 1 byte of kind, the payload.
    public var bytes: [UInt8] {
        let count = UInt32(payload.count)
        return [UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), kind.rawValue]
            + payload
    }
}

/// Why bytes are no frames.
public struct ExecProtocolError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    /// Makes an error.
    public init(_ description: String) { self.description = description }
}

/// Cuts bytes into frames as they come. Holds one frame at most, and whatever was given with it.
public struct ExecFrameReader: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0

    /// Reads nothing yet.
    public init() {}

    /// Takes bytes in, however they are cut.
    public mutating func take(_ bytes: some Sequence<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame; `nil` when more bytes are needed.
    /// - Throws: ``ExecProtocolError`` as soon as a length or a kind cannot be right; nothing can be read after that.
    public mutating func next() throws(ExecProtocolError) -> ExecFrame? {
        guard buffer.count - start >= 5 else { return nil }
        let length = buffer[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= ExecFrame.limit else {
            throw ExecProtocolError("a frame of \(length) bytes; at most \(ExecFrame.limit) are allowed")
        }
        guard let kind = ExecFrame.Kind(rawValue: buffer[start + 4]) else {
            throw ExecProtocolError("a frame of the unknown kind \(buffer[start + 4])")
        }
        guard buffer.count - start >= 5 + length else { return nil }
        defer { start += 5 + length }
        return ExecFrame(kind, Array(buffer[start + 5..<start + 5 + length]))
    }
}
