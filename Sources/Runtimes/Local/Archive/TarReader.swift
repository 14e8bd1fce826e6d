import CurfewDrivers

/// Reads a tar archive (ustar, pax, GNU long names) piece by piece into a sink.
struct TarReader {
    private enum Phase {
        case header
        /// The rest of a file's content.
        case file(Descriptor, left: UInt64)
        /// The rest of a header's extension, collected.
        case extra(type: UInt8, left: UInt64)
        /// Content that nobody needs.
        case skip(left: UInt64)
        /// The end mark was read.
        case end
    }
    /// What pax and GNU headers say about the next entry.
    private struct Extra {
        var path: String?
        var link: String?
        var size: UInt64?
    }

    private var sink: ArchiveSink
    private var phase = Phase.header
    private var block: [UInt8] = []
    /// What fills the last block of the content that is being read.
    private var pendingPadding = 0
    private var collected: [UInt8] = []
    private var extra = Extra()

    init(into sink: ArchiveSink) { self.sink = sink }

    /// Takes the next piece of the archive.
    mutating func consume(_ piece: UnsafeRawBufferPointer) throws {
        var rest = piece
        func take(_ count: Int) -> UnsafeRawBufferPointer {
            let head = UnsafeRawBufferPointer(rebasing: rest[..<count])
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            return head
        }
        while !rest.isEmpty {
            if case .header = phase, pendingPadding > 0 {
                pendingPadding -= take(min(pendingPadding, rest.count)).count
                continue
            }
            switch phase {
            case .header:
                block.append(contentsOf: take(min(512 - block.count, rest.count)))
                guard block.count == 512 else { continue }
                try header()
                block.removeAll(keepingCapacity: true)
            case .file(let file, let left):
                let head = take(Int(min(left, UInt64(rest.count))))
                try sink.write(head, to: file)
                phase = left == UInt64(head.count) ? .header : .file(file, left: left - UInt64(head.count))
            case .extra(let type, let left):
                let head = take(Int(min(left, UInt64(rest.count))))
                collected.append(contentsOf: head)
                phase = left == UInt64(head.count) ? .header : .extra(type: type, left: left - UInt64(head.count))
                if case .header = phase { try extend(type) }
            case .skip(let left):
                let count = UInt64(take(Int(min(left, UInt64(rest.count)))).count)
                phase = left == count ? .header : .skip(left: left - count)
            case .end: return
            }
        }
    }

    /// Call at the end of the archive.
    mutating func finish() throws {
        guard case .end = phase else {
            // Some writers leave the end mark out; an archive that ends between two entries is whole.
            guard case .header = phase, block.isEmpty, pendingPadding == 0 else { throw sink.bad("the archive is cut off") }
            return try sink.finish()
        }
        try sink.finish()
    }

    /// Understands the 512 bytes of a header.
    private mutating func header() throws {
        // The sum counts its own eight bytes as spaces.
        let all = block.reduce(0) { $0 + Int($1) }
        if all == 0 {
            phase = .end
            return
        }
        let sum = all - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 32
        guard let written = number(148..<156), Int(written) == sum else {
            throw sink.bad("it is no tar archive, or a broken one")
        }
        guard let ownSize = number(124..<136) else { throw sink.bad("it has an entry of a strange size") }
        let type = block[156]
        if [UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K")].contains(type) {
            guard ownSize <= 1 << 20 else { throw sink.bad("it has a header of \(ownSize) bytes") }
            collected.removeAll()
            enter(.extra(type: type, left: ownSize), ownSize)
            if ownSize == 0 { try extend(type) }
            return
        }
        let size = extra.size ?? ownSize
        let isUstar = block[257..<262].elementsEqual("ustar".utf8)
        let prefix = isUstar && block[262] == 0 ? text(345..<500) : ""
        let name = extra.path ?? (prefix.isEmpty ? text(0..<100) : "\(prefix)/\(text(0..<100))")
        let link = extra.link ?? text(157..<257)
        let executable = (number(100..<108) ?? 0) & 0o111 != 0
        extra = Extra()
        switch type {
        case UInt8(ascii: "0"), 0, UInt8(ascii: "7"):
            // Before POSIX a name that ends in a slash was a folder.
            if name.utf8.last == UInt8(ascii: "/") {
                try sink.folder(name)
                enter(.skip(left: size), size)
            } else {
                enter(.file(try sink.file(name, executable: executable), left: size), size)
            }
        case UInt8(ascii: "5"):
            try sink.folder(name)
            enter(.skip(left: size), size)
        case UInt8(ascii: "2"):
            try sink.symlink(name, to: link)
            enter(.skip(left: size), size)
        case UInt8(ascii: "1"):
            try sink.hardLink(name, to: link)
            enter(.skip(left: size), size)
        default:
            throw sink.bad("it holds a device, a pipe or something else that is not allowed (type \(type))")
        }
    }

    /// Goes on with the content, which fills whole blocks.
    private mutating func enter(_ next: Phase, _ size: UInt64) {
        phase = size == 0 ? .header : next
        pendingPadding = Int((512 - size % 512) % 512)
    }

    /// Takes what a pax or GNU header says.
    private mutating func extend(_ type: UInt8) throws {
        let content = collected
        collected.removeAll()
        switch type {
        case UInt8(ascii: "L"): extra.path = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
        case UInt8(ascii: "K"): extra.link = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
        case UInt8(ascii: "x"): try pax(content)
        default: break
        }
    }

    /// Records of the form "<length> <key>=<value>\n".
    private mutating func pax(_ content: [UInt8]) throws {
        var rest = content[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 32), let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1, length <= rest.count
            else { throw sink.bad("it has a broken pax header") }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            rest = rest[(rest.startIndex + length)...]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw sink.bad("it has a broken pax header") }
            let value = String(decoding: record[(equals + 1)...], as: UTF8.self)
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path": extra.path = value
            case "linkpath": extra.link = value
            case "size":
                guard let size = UInt64(value) else { throw sink.bad("it has a broken pax header") }
                extra.size = size
            case let key where key.hasPrefix("GNU.sparse"): throw sink.bad("it holds a sparse file, which is not supported")
            default: break
            }
        }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: block[range].prefix { $0 != 0 }, as: UTF8.self) }

    /// An octal number, or a binary one if its first bit says so.
    private func number(_ range: Range<Int>) -> UInt64? {
        let bytes = block[range]
        if let first = bytes.first, first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            return bytes.dropFirst().reduce(UInt64(0)) { $0 > UInt64.max >> 9 ? UInt64.max >> 1 : $0 << 8 | UInt64($1) }
        }
        let digits = bytes.drop { $0 == 32 }.prefix { $0 != 32 && $0 != 0 }
        return digits.isEmpty ? 0 : UInt64(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
