/// One node of a YAML document in a flat array: a container is followed by its descendants, so a tree needs no object per
/// node and no pointer chasing. 10,000 files are read at every cold start; a class per node cost more than the parsing.
struct YAMLNode {
    enum Kind: UInt8 { case scalar, sequence, mapping, alias }

    /// The tags of the core schema; anything else is refused while reading.
    enum Tag: UInt8 { case implicit, string, integer, float, bool, null, sequence, mapping }

    var kind: Kind
    var tag: Tag
    /// Written plain, so its type follows from its text unless a tag says otherwise.
    var plain: Bool
    /// Scalar: offset of its text in the byte buffer. Alias: index of the node that it stands for.
    var start: Int32
    /// Scalar: bytes of text. Sequence: items. Mapping: pairs.
    var count: Int32
    /// Index of the first node after this one and its descendants.
    var end: Int32
    /// From 1.
    var line: Int32
    /// In Unicode scalars, from 1.
    var column: Int32
}

/// Where something stands in a file.
struct Position: Hashable, Sendable {
    /// From 1; 0 = the whole file.
    var line: Int
    /// In Unicode scalars, from 1; 0 = the whole line.
    var column: Int
}

/// Something wrong at a place of a file that is known by its blob only: the path is added later, because one blob may
/// lie at several paths and is read once.
struct Problem: Hashable, Sendable {
    var severity: Severity = .error
    var position: Position
    var message: String

    enum Severity: Sendable { case error, warning }
}
