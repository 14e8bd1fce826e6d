/// One revision's files, read by object id from an object database (or computed from a plain folder).
///
/// A port, implemented by GitSource. For one id the answer is always the same, so callers may cache by id for ever.
/// Calls block: make them on a private thread or executor, never on the cooperative pool.
public protocol FileTree: Sendable {
    /// The id of the root tree.
    var root: ObjectID { get }

    /// The entries of one tree, in Git's order.
    /// - Throws: an error of the implementing module when the object is missing or is not a tree.
    func entries(of tree: ObjectID) throws -> [FileEntry]

    /// The bytes of one blob, lent for the duration of `body` without a copy where that is possible.
    /// - Parameter limit: in bytes; a larger blob is ``BlobRead/tooLarge(size:)`` and `body` is not called.
    func withBlob<Result>(_ blob: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> BlobRead<Result>
}

/// The outcome of reading a blob with a limit.
public enum BlobRead<Result> {
    /// What the body returned.
    case value(Result)
    /// The blob has `size` bytes, more than was allowed.
    case tooLarge(size: Int)
}

/// One entry of a Git tree.
public struct FileEntry: Hashable, Sendable {
    /// What an entry is; the modes that Git knows.
    public enum Kind: Sendable { case file, executable, symlink, folder, submodule }

    /// The entry's own name, one path component.
    public var name: FileName
    /// What it is.
    public var kind: Kind
    /// The blob, tree or (for a submodule) commit.
    public var id: ObjectID

    /// Makes an entry.
    public init(name: FileName, kind: Kind, id: ObjectID) { (self.name, self.kind, self.id) = (name, kind, id) }
}

extension FileTree {
    /// The entry at `path`, or `nil` when there is none. Never follows a symlink.
    public func entry(at path: RepositoryPath) throws -> FileEntry? {
        var current = FileEntry(name: "", kind: .folder, id: root)
        for component in path.names where !component.bytes.isEmpty {
            guard current.kind == .folder, let next = try entries(of: current.id).first(where: { $0.name == component })
            else { return nil }
            current = next
        }
        return current
    }
}
