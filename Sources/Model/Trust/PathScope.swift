/// A part of a repository, by paths.
public struct PathScope: Hashable, Sendable {
    /// These, and everything below them.
    public var trees: [RepositoryPath]
    /// What lies directly in these, and is no folder.
    public var folders: [RepositoryPath]
    /// Never these, nor anything below them.
    public var excluded: [RepositoryPath]

    /// Makes a scope.
    public init(trees: [RepositoryPath] = [], folders: [RepositoryPath] = [], excluded: [RepositoryPath] = []) {
        (self.trees, self.folders, self.excluded) = (trees, folders, excluded)
    }

    /// The whole repository.
    public static let everything = PathScope(trees: [.root])

    /// Whether a file of that path is a part of it.
    public func contains(_ path: RepositoryPath) -> Bool {
        guard !excluded.contains(where: path.isIn) else { return false }
        return trees.contains(where: path.isIn)
            || folders.contains { path.isBelow($0) && !path.bytes.dropFirst($0.bytes.count + 1).contains(UInt8(ascii: "/")) }
    }
}
