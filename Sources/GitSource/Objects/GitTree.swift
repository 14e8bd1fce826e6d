internal import CLibGit2
public import CurfewModel

/// A commit's files, read from the object database: no work tree, so a symlink or `..` has nothing to escape to.
public struct GitTree: FileTree {
    public let root: ObjectID
    private let objects: ObjectDatabase

    init(root: ObjectID, objects: ObjectDatabase) { (self.root, self.objects) = (root, objects) }

    public func entries(of tree: ObjectID) throws -> [FileEntry] {
        guard case .value(let entries) = try objects.read(tree, GIT_OBJECT_TREE, Self.parse) else { return [] }
        return entries
    }

    public func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> BlobRead<Result>
    {
        try objects.read(blob, GIT_OBJECT_BLOB, limit: limit, body)
    }

    /// A tree object is a sequence of `<mode in octal> <name>\0<20 bytes of id>`.
    private static func parse(_ bytes: UnsafeRawBufferPointer) throws -> [FileEntry] {
        var entries: [FileEntry] = []
        var position = 0
        func damaged() -> GitError { GitError(.corrupt, operation: "read tree", subject: "object", "it is damaged") }
        while position < bytes.count {
            var mode = 0
            while position < bytes.count, bytes[position] != 0x20 {
                mode = (mode & 0xFFFF) << 3 | Int(bytes[position] &- 0x30)
                position += 1
            }
            position += 1
            let start = position
            while position < bytes.count, bytes[position] != 0 { position += 1 }
            guard position + 20 < bytes.count || position + 21 == bytes.count, position > start else { throw damaged() }
            let name = String(decoding: bytes[start..<position], as: UTF8.self)
            var oid = git_oid()
            withUnsafeMutableBytes(of: &oid.id) { $0.copyBytes(from: bytes[position + 1..<position + 21]) }
            position += 21
            guard let id = ObjectID(oid), let kind = FileEntry.Kind(mode: mode) else { throw damaged() }
            entries.append(FileEntry(name: name, kind: kind, id: id))
        }
        return entries
    }
}

extension FileEntry.Kind {
    /// Git's file modes.
    init?(mode: Int) {
        switch mode {
        case 0o040000: self = .folder
        case 0o100755: self = .executable
        case 0o100644, 0o100664, 0o100600: self = .file
        case 0o120000: self = .symlink
        case 0o160000: self = .submodule
        default: return nil
        }
    }
}
