import CurfewModel
import Synchronization

/// A Git tree in memory: ids follow from content, as in Git.
struct MemoryTree: FileTree {
    enum Item: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        case file([UInt8])
        case symlink(String)
        case submodule
        init(stringLiteral value: String) { self = .file(Array(value.utf8)) }
    }
    struct Missing: Error {}

    let root: ObjectID
    private var trees: [ObjectID: [FileEntry]] = [:]
    private var blobs: [ObjectID: [UInt8]] = [:]
    /// How often each blob was read.
    let reads = Reads()

    final class Reads: Sendable {
        private let counts = Mutex<[ObjectID: Int]>([:])
        func note(_ id: ObjectID) { counts.withLock { $0[id, default: 0] += 1 } }
        var total: Int { counts.withLock { $0.values.reduce(0, +) } }
    }

    init(_ items: [String: Item]) {
        var folders: [String: [FileEntry]] = ["": []]
        var trees: [ObjectID: [FileEntry]] = [:]
        for (path, item) in items {
            let parts = path.split(separator: "/").map(String.init)
            for depth in 1..<max(parts.count, 1) {
                folders[parts.prefix(depth).joined(separator: "/")] = folders[parts.prefix(depth).joined(separator: "/")] ?? []
            }
            let folder = parts.dropLast().joined(separator: "/")
            let entry: FileEntry
            switch item {
            case .file(let bytes):
                let id = Self.id(of: bytes)
                blobs[id] = bytes
                entry = FileEntry(name: FileName(parts.last ?? ""), kind: .file, id: id)
            case .symlink(let target):
                let id = Self.id(of: Array(target.utf8))
                blobs[id] = Array(target.utf8)
                entry = FileEntry(name: FileName(parts.last ?? ""), kind: .symlink, id: id)
            case .submodule:
                entry = FileEntry(name: FileName(parts.last ?? ""), kind: .submodule, id: Self.id(of: Array("sub".utf8)))
            }
            folders[folder, default: []].append(entry)
        }
        var top = Self.id(of: [])
        // Deepest first, so that a folder's id is known before its parent's.
        for folder in folders.keys.sorted(by: { $0.split(separator: "/").count > $1.split(separator: "/").count }) {
            let entries = (folders[folder] ?? []).sorted { $0.name < $1.name }
            let id = Self.id(of: Array("tree\n".utf8) + entries.flatMap { Array("\($0.kind) \($0.name) \($0.id.hex)\n".utf8) })
            trees[id] = entries
            if folder.isEmpty {
                top = id
            } else {
                let parts = folder.split(separator: "/")
                folders[parts.dropLast().joined(separator: "/"), default: []]
                    .append(FileEntry(name: FileName(String(parts.last ?? "")), kind: .folder, id: id))
            }
        }
        self.trees = trees
        root = top
    }

    func entries(of tree: ObjectID) throws -> [FileEntry] {
        guard let entries = trees[tree] else { throw Missing() }
        return entries
    }

    func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> BlobRead<Result>
    {
        guard let bytes = blobs[blob] else { throw Missing() }
        reads.note(blob)
        if bytes.count > limit { return .tooLarge(size: bytes.count) }
        return .value(try bytes.withUnsafeBytes(body))
    }

    /// Forty digits that follow from the bytes; enough for tests.
    private static func id(of bytes: [UInt8]) -> ObjectID {
        var text = ""
        for seed in 0..<3 as Range<UInt64> {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325 &+ seed &* 0x9E37_79B9_7F4A_7C15
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            let digits = String(hash, radix: 16)
            text += String(repeating: "0", count: 16 - digits.count) + digits
        }
        return ObjectID(String(text.prefix(40))) ?? ObjectID.zero
    }
}

extension ObjectID {
    static let zero = Self(number: 0)
    /// A revision for tests.
    init(number: Int) {
        let digits = String(number, radix: 16)
        self = ObjectID(String(repeating: "0", count: 40 - digits.count) + digits) ?? .zero
    }
}
