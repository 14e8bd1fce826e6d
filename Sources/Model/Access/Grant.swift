/// A wish for access, as its file in `grants/` says it.
public struct Grant: Hashable, Sendable, Codable {
    /// The file's name without its ending.
    public var name: Name
    /// Who gets it.
    public var person: Name
    /// What they get.
    public var role: Name
    /// For how long (1 s to 30 d).
    public var duration: Span
    /// Why; one line of at most 512 bytes without control characters.
    public var reason: String
    /// Not before this moment.
    public var notBefore: Instant?
    /// At once, with review afterwards.
    public var breakGlass: Bool

    /// Makes a grant.
    public init(
        name: Name, person: Name, role: Name, duration: Span, reason: String, notBefore: Instant? = nil,
        breakGlass: Bool = false
    ) {
        (self.name, self.person, self.role, self.duration) = (name, person, role, duration)
        (self.reason, self.notBefore, self.breakGlass) = (reason, notBefore, breakGlass)
    }
}

/// What a grant is: its name and the blob of its file. Another byte in the file is another grant.
public struct GrantID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The grant's name.
    public let name: Name
    /// The blob of its file.
    public let blob: ObjectID

    /// Makes an id.
    public init(name: Name, blob: ObjectID) { (self.name, self.blob) = (name, blob) }

    /// `<name>-<12 digits of the blob>`: safe in paths, key ids and configuration files (`a-z`, `0-9`, `-`).
    public var description: String { "\(name)-\(blob.hex.prefix(12))" }

    /// A number that is the grant's own: 62 bits of the blob, never 0. The serial of its certificates.
    public var serial: UInt64 { max(1, (UInt64(blob.hex.prefix(16), radix: 16) ?? 0) >> 2) }

    public static func < (left: GrantID, right: GrantID) -> Bool { left.description < right.description }
}

/// One file of `grants/`.
public struct GrantFile: Hashable, Sendable {
    /// What it says.
    public var grant: Grant
    /// Its path from the root.
    public var path: RepositoryPath
    /// Its blob.
    public var blob: ObjectID
    /// Makes a file.
    public init(grant: Grant, path: RepositoryPath, blob: ObjectID) { (self.grant, self.path, self.blob) = (grant, path, blob) }
    /// What it is.
    public var id: GrantID { GrantID(name: grant.name, blob: blob) }
}

/// A file of `grants/` that says nothing usable: an attempt, reported and reverted.
public struct BrokenGrant: Hashable, Sendable {
    /// Its path from the root.
    public var path: RepositoryPath
    /// Its blob.
    public var blob: ObjectID
    /// What is wrong.
    public var diagnostics: [Diagnostic]
    /// Makes a broken grant.
    public init(path: RepositoryPath, blob: ObjectID, diagnostics: [Diagnostic]) {
        (self.path, self.blob, self.diagnostics) = (path, blob, diagnostics)
    }
}
