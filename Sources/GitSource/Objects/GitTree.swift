internal import CLibGit2
public import CurfewModel

/// A commit's files, read from the object database: no work tree, so a symlink or `..` has nothing to escape to.
public struct GitTree: FileTree {
    public let root: ObjectID
    private let objects: ObjectDatabase

    init(root: ObjectID, objects: ObjectDatabase) { (self.root, self.objects) = (root, objects) }

    /// The entries of a canonical tree.
    /// - Throws: ``GitError`` `corrupt` for one that Git would not have written so, and for one that is too large.
    public func entries(of tree: ObjectID) throws -> [FileEntry] {
        let object = try object(tree)
        if let problem = object.problem { throw GitError(.corrupt, operation: "read tree", subject: tree.short, problem) }
        return object.entries
    }

    /// A tree with what is wrong with it.
    /// - Throws: ``GitError`` `missingObject`, and `corrupt` for one that is too large or no tree.
    func object(_ tree: ObjectID) throws -> TreeObject {
        switch try objects.read(tree, GIT_OBJECT_TREE, limit: TreeObject.longest, { TreeObject($0) }) {
        case .value(let object): return object
        case .tooLarge(let size):
            throw GitError(
                .corrupt, operation: "read tree", subject: tree.short,
                "it has \(size) bytes; at most \(TreeObject.longest) are read")
        }
    }

    public func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> BlobRead<Result>
    {
        try objects.read(blob, GIT_OBJECT_BLOB, limit: limit, body)
    }
}
