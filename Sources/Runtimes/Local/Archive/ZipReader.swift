import CLauncher
import CurfewDrivers
import Glibc

/// Reads a zip archive by its central directory into a sink. Stored and deflated entries; no encryption.
struct ZipReader {
    private var sink: ArchiveSink
    private let file: Descriptor
    private let size: UInt64
    private let path: String

    init(_ path: String, into sink: ArchiveSink) throws {
        (self.sink, self.path) = (sink, path)
        file = try Descriptor.open(path, O_RDONLY, for: "unpack artifact")
        var info = stat()
        guard fstat(file.number, &info) == 0 else { throw failure("unpack artifact", path, errno) }
        size = UInt64(info.st_size)
    }

    /// Unpacks everything.
    mutating func read() throws {
        let directory = try centralDirectory()
        var position = 0
        while let entry = try next(directory, &position) { try unpack(entry) }
        try sink.finish()
    }

    private struct Entry {
        var name: String
        var method: UInt64
        var sum: UInt32
        var packed: UInt64
        var unpacked: UInt64
        var offset: UInt64
        var mode: UInt32
    }

    private func centralDirectory() throws -> [UInt8] {
        let tail = try bytes(at: size - min(size, 65_557), count: min(size, 65_557))
        guard
            let end = tail.indices.reversed().first(where: {
                $0 + 22 <= tail.count && tail[$0] == 0x50 && tail.number($0, 4) == 0x0605_4B50
            })
        else { throw sink.bad("it is no zip archive, or it is cut off") }
        var (length, start) = (tail.number(end + 12, 4), tail.number(end + 16, 4))
        if end >= 20, tail.number(end - 20, 4) == 0x0706_4B50 {
            let large = try bytes(at: tail.number(end - 20 + 8, 8), count: 56)
            guard large.number(0, 4) == 0x0606_4B50 else { throw sink.bad("it is a broken zip archive") }
            (length, start) = (large.number(40, 8), large.number(48, 8))
        }
        guard length <= 64 << 20 else { throw sink.bad("its directory has \(length) bytes") }
        return try bytes(at: start, count: length)
    }

    private func next(_ directory: [UInt8], _ position: inout Int) throws -> Entry? {
        let start = position
        guard start < directory.count else { return nil }
        func number(_ at: Int, _ count: Int) -> UInt64 { directory.number(start + at, count) }
        guard directory.count - start >= 46, number(0, 4) == 0x0201_4B50 else { throw sink.bad("its directory is broken") }
        let name = start + 46
        let extra = name + Int(number(28, 2))
        let comment = extra + Int(number(30, 2))
        position = comment + Int(number(32, 2))
        guard position <= directory.count else { throw sink.bad("its directory is broken") }
        guard number(8, 2) & 0x2041 == 0 else { throw sink.bad("it is encrypted") }
        var entry = Entry(
            name: String(decoding: directory[name..<extra], as: UTF8.self), method: number(10, 2),
            sum: UInt32(number(16, 4)), packed: number(20, 4), unpacked: number(24, 4), offset: number(42, 4),
            mode: number(4, 2) >> 8 == 3 ? UInt32(number(38, 4)) >> 16 : 0)
        try widen(&entry, Array(directory[extra..<comment]))
        return entry
    }

    /// Zip64: sizes that do not fit stand in an extra field, in a fixed order.
    private func widen(_ entry: inout Entry, _ extra: [UInt8]) throws {
        var at = 0
        while at + 4 <= extra.count {
            let (kind, length) = (extra.number(at, 2), Int(extra.number(at + 2, 2)))
            guard at + 4 + length <= extra.count else { return }
            if kind == 1 {
                var field = at + 4
                for place in [\Entry.unpacked, \Entry.packed, \Entry.offset] where entry[keyPath: place] == 0xFFFF_FFFF {
                    guard field + 8 <= at + 4 + length else { throw sink.bad("its directory is broken") }
                    entry[keyPath: place] = extra.number(field, 8)
                    field += 8
                }
            }
            at += 4 + length
        }
    }

    private mutating func unpack(_ entry: Entry) throws {
        let kind = entry.mode & 0o170000
        if entry.name.utf8.last == UInt8(ascii: "/") || kind == 0o040000 { return try sink.folder(entry.name) }
        guard kind == 0 || kind == 0o100000 || kind == 0o120000 else { throw sink.bad("it holds a device or a pipe") }
        let local = try bytes(at: entry.offset, count: 30)
        guard local.number(0, 4) == 0x0403_4B50 else { throw sink.bad("an entry is broken") }
        let start = entry.offset.addingReportingOverflow(30 + local.number(26, 2) + local.number(28, 2)).partialValue
        if kind == 0o120000 {
            guard entry.unpacked < 4096 else { throw sink.bad("a symlink is too long") }
            var target: [UInt8] = []
            try content(entry, start) { target.append(contentsOf: $0) }
            return try sink.symlink(entry.name, to: String(decoding: target, as: UTF8.self))
        }
        let output = try sink.file(entry.name, executable: entry.mode & 0o111 != 0)
        var sink = sink
        try content(entry, start) { try sink.write($0, to: output) }
        self.sink = sink
    }

    /// Gives the unpacked content piece by piece, never more than the directory says, and checks its sum.
    private func content(_ entry: Entry, _ start: UInt64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var sum: UInt32 = 0
        var count: UInt64 = 0
        func pass(_ piece: UnsafeRawBufferPointer) throws {
            count += UInt64(piece.count)
            guard count <= entry.unpacked else { throw sink.bad("an entry is larger than it says") }
            sum = curfew_crc32(sum, piece.baseAddress?.assumingMemoryBound(to: UInt8.self), piece.count)
            try body(piece)
        }
        guard entry.method == 0 || entry.method == 8 else { throw sink.bad("it uses compression method \(entry.method)") }
        guard let inflater = Inflater(.none) else { throw sink.bad("there is no memory to unpack it") }
        var (at, left, ended) = (start, entry.packed, entry.method == 0)
        while left > 0 {
            let piece = try bytes(at: at, count: min(left, 64 << 10))
            if entry.method == 0 {
                try piece.withUnsafeBytes(pass)
            } else {
                guard let result = try piece.withUnsafeBytes({ try inflater.inflate($0, pass) }) else {
                    throw sink.bad("an entry is broken")
                }
                ended = result.ended
                if ended { break }
            }
            at += UInt64(piece.count)
            left -= UInt64(piece.count)
        }
        guard ended, count == entry.unpacked, sum == entry.sum else { throw sink.bad("an entry is broken") }
    }

    private func bytes(at offset: UInt64, count: UInt64) throws -> [UInt8] {
        guard offset <= size, count <= size - offset else { throw sink.bad("it is cut off") }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        var done = 0
        while done < bytes.count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                pread(file.number, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset) + off_t(done))
            }
            if read < 0 && errno == EINTR { continue }
            guard read > 0 else { throw failure("unpack artifact", path, read < 0 ? errno : EIO) }
            done += read
        }
        return bytes
    }
}

extension [UInt8] {
    /// A little-endian number of `count` bytes; the caller has checked that they are there.
    fileprivate func number(_ at: Int, _ count: Int) -> UInt64 {
        guard at >= 0, at + count <= self.count else { return 0 }
        return (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(self[at + $1]) }
    }
}
