/// How much of a repository's YAML is read; what is beyond is an error, never cut off.
public struct LoadLimits: Sendable, Hashable {
    /// Bytes of one file.
    public var fileSize: Int
    /// Levels of nesting, aliases expanded.
    public var depth: Int
    /// Nodes of one document, aliases expanded.
    public var nodes: Int

    /// Makes limits; the defaults are 1 MiB, 64 levels, 10,000 nodes.
    public init(fileSize: Int = 1 << 20, depth: Int = 64, nodes: Int = 10_000) {
        (self.fileSize, self.depth, self.nodes) = (fileSize, depth, nodes)
    }
}
