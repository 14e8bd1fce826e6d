import CurfewModel
import Glibc

/// A commit object read from its bytes.
///
/// Read leniently, so that a history which Git follows is followed here too: what makes no sense stays empty. What Git would
/// not have written so is named in ``problems``, for whoever judges the commit.
struct CommitObject {
    private(set) var tree: ObjectID?
    private(set) var parents: [ObjectID] = []
    private(set) var author = CommitFacts.Claim(name: "", email: "", at: Instant(milliseconds: 0))
    private(set) var committer = CommitFacts.Claim(name: "", email: "", at: Instant(milliseconds: 0))
    private(set) var message = ""
    /// Why it is no canonical commit; empty = it is one.
    private(set) var problems: [String] = []

    /// Most bytes of a commit that is judged.
    static let longest = 4 << 20
    /// Most bytes of a commit that is read at all, for its parents.
    static let longestRead = 64 << 20
    /// Most parents of a commit that is judged.
    static let mostParents = 64

    init(_ bytes: UnsafeRawBufferPointer) {
        var (position, keys): (Int, [Header]) = (0, [])
        while position < bytes.count {
            let end = Self.find(0x0A, in: bytes, from: position) ?? bytes.count
            let line = bytes[position..<end]
            position = min(end + 1, bytes.count)
            if line.isEmpty { break }
            // What begins with a space goes on with the header before it.
            if line.first == 0x20 {
                if keys.isEmpty { problems.append("its first line is no header") }
                continue
            }
            take(line, &keys)
        }
        let nul = Self.find(0, in: bytes, from: 0)
        // Of one that is too large to be judged nobody needs the message.
        if bytes.count <= Self.longest {
            while position < bytes.count, bytes[position] == 0x0A { position += 1 }
            message = String(decoding: bytes[position..<max(position, nul ?? bytes.count)], as: UTF8.self)
        }
        check(keys, hasNul: nul != nil)
    }

    private static func find(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + start, Int32(byte), bytes.count - start).map { UnsafeRawPointer($0) - base }
    }

    private enum Header { case tree, parent, author, committer, encoding, other }

    private mutating func take(_ line: Slice<UnsafeRawBufferPointer>, _ keys: inout [Header]) {
        let space = line.firstIndex(of: 0x20) ?? line.endIndex
        let key = line[..<space]
        let value = line[min(space + 1, line.endIndex)...]
        func `is`(_ name: StaticString) -> Bool { name.withUTF8Buffer { key.elementsEqual($0) } }
        if `is`("tree") {
            if tree == nil { tree = ObjectID(String(decoding: value, as: UTF8.self)) }
            keys.append(.tree)
        } else if `is`("parent") {
            if let id = ObjectID(String(decoding: value, as: UTF8.self)) {
                parents.append(id)
            } else {
                note("a parent is no id")
            }
            keys.append(.parent)
        } else if `is`("author") {
            if !keys.contains(.author) { author = claim(value, "author") }
            keys.append(.author)
        } else if `is`("committer") {
            if !keys.contains(.committer) { committer = claim(value, "committer") }
            keys.append(.committer)
        } else {
            keys.append(`is`("encoding") ? .encoding : .other)
        }
    }

    /// The tree, the parents, the author, the committer, and then whatever else, which is none of these.
    private mutating func check(_ keys: [Header], hasNul: Bool) {
        if hasNul { note("there is a NUL in it") }
        if tree == nil { note("it names no tree") }
        if parents.count > Self.mostParents { note("it has \(parents.count) parents; at most \(Self.mostParents) are judged") }
        var rest = keys[...]
        if rest.first == .tree { rest = rest.dropFirst() }
        rest = rest.drop { $0 == .parent }
        let isInOrder = keys.first == .tree && rest.first == .author && rest.dropFirst().first == .committer
        let more = rest.dropFirst(2)
        if !isInOrder || more.contains(where: { $0 != .other && $0 != .encoding }) || more.count(where: { $0 == .encoding }) > 1
        {
            note("its headers are not tree, parents, author and committer, in this order and once each")
        }
    }

    private mutating func claim(_ value: Slice<UnsafeRawBufferPointer>, _ header: String) -> CommitFacts.Claim {
        let line = PersonLine(value)
        if !line.isWhole { note("its \(header) is not written as 'name <address> seconds zone'") }
        return line.claim
    }

    private mutating func note(_ problem: String) {
        if problems.count < 10 { problems.append(problem) }
    }
}
