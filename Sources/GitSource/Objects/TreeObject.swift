internal import CLibGit2
import CurfewModel

/// A tree object read from its bytes: `<mode in octal> <name>\0<20 bytes of id>`, again and again.
///
/// Two programs that read the same odd tree may see different files in it; so what Git itself would never write is named, and
/// whoever judges a commit refuses it.
struct TreeObject {
    /// Most bytes of a tree.
    static let longest = 4 << 20
    /// Most entries of a tree.
    static let mostEntries = 100_000

    private(set) var entries: [FileEntry] = []
    /// Why it is no canonical tree; `nil` = it is one.
    private(set) var problem: String?

    init(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position < bytes.count {
            guard let space = Self.find(0x20, in: bytes, from: position, within: 7),
                let end = Self.find(0, in: bytes, from: space + 1, within: bytes.count), bytes.count - end >= 21
            else {
                note("it is damaged")
                return
            }
            let mode = bytes[position..<space]
            let name = FileName(bytes: Array(bytes[(space + 1)..<end]))
            var oid = git_oid()
            withUnsafeMutableBytes(of: &oid.id) { $0.copyBytes(from: bytes[(end + 1)..<(end + 21)]) }
            position = end + 21
            guard entries.count < Self.mostEntries, let id = ObjectID(oid) else {
                note("it has more than \(Self.mostEntries) entries")
                return
            }
            let (kind, isKnown) = Self.kind(mode)
            if !isKnown { note("'\(name)' has a mode that Git does not write") }
            if let fault = name.fault { note("'\(name)': \(fault)") }
            check(FileEntry(name: name, kind: kind, id: id))
        }
    }

    private mutating func check(_ entry: FileEntry) {
        if let last = entries.last {
            if last.name == entry.name || entry.kind == .folder && hasFile(entry.name) {
                note("it has two entries of the name '\(entry.name)'")
            } else if !Self.precedes(last, entry) {
                note("its entries are not in Git's order")
            }
        }
        entries.append(entry)
    }

    private mutating func note(_ what: String) { if problem == nil { problem = what } }

    private static func find(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int, within: Int) -> Int? {
        var index = start
        let end = min(bytes.count, start + min(within, bytes.count))
        while index < end {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// What a mode means, and whether Git writes it so. One that it does not write is read by its type.
    private static func kind(_ digits: Slice<UnsafeRawBufferPointer>) -> (FileEntry.Kind, isKnown: Bool) {
        var mode = 0
        for digit in digits { mode = (mode << 3 | Int(digit & 7)) & 0xFFFF_FFFF }
        let isOctal = digits.first != UInt8(ascii: "0") && digits.allSatisfy { (0x30...0x37).contains($0) }
        switch mode {
        case 0o040000: return (.folder, isOctal)
        // The last one is what the oldest versions of Git wrote.
        case 0o100644, 0o100664: return (.file, isOctal)
        case 0o100755: return (.executable, isOctal)
        case 0o120000: return (.symlink, isOctal)
        case 0o160000: return (.submodule, isOctal)
        default: break
        }
        switch mode & 0o170000 {
        case 0o040000: return (.folder, false)
        case 0o120000: return (.symlink, false)
        case 0o160000: return (.submodule, false)
        default: return (.file, false)
        }
    }

    /// Git's order: by bytes, a folder as if its name ended with `/`.
    private static func precedes(_ left: FileEntry, _ right: FileEntry) -> Bool {
        let (one, other) = (left.name.bytes, right.name.bytes)
        let count = min(one.count, other.count)
        for index in 0..<count where one[index] != other[index] { return one[index] < other[index] }
        func next(_ entry: FileEntry) -> UInt8 {
            entry.name.bytes.count > count ? entry.name.bytes[count] : entry.kind == .folder ? UInt8(ascii: "/") : 0
        }
        return next(left) < next(right)
    }

    /// Whether one of the entries so far, which are in order, is no folder and has this name: others may lie in between.
    private func hasFile(_ name: FileName) -> Bool {
        let wanted = FileEntry(name: name, kind: .file, id: entries[0].id)
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(entries[middle], wanted) { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].name == name
    }
}
