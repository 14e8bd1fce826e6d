/// A piece of what somebody sent, as it is named when it is worked on for the first time.
public struct ContentKey: Hashable, Sendable, Codable, CustomStringConvertible {
    /// What it is.
    public enum Kind: String, Sendable, Codable { case bundle, policies, grant, workload, secret }
    public var kind: Kind
    /// What people call it: a bundle, a grant, a workload, a path.
    public var name: String
    /// What changes with its bytes: a tree, a blob, a generation.
    public var id: String

    /// Names a piece of content. At most 120 bytes of the name and 64 of the id are kept.
    public init(_ kind: Kind, _ name: String, id: String) {
        (self.kind, self.name, self.id) = (kind, name.boundedUTF8(120), id.boundedUTF8(64))
    }

    public var description: String { "\(kind.rawValue) \(name)" }
}

extension String {
    fileprivate func boundedUTF8(_ limit: Int) -> String {
        utf8.count <= limit ? self : String(decoding: utf8.prefix(limit), as: UTF8.self)
    }
}

/// Knows what is being worked on, so that what ended the process can be told at the next start and is left alone.
public protocol ContentGuard: Sendable {
    /// Work on this begins.
    /// - Parameter stage: what is done, as in `while it was …`: `read`, `given`.
    /// - Returns: why it is set aside; then it must not be touched, and ``end(_:stage:)`` is not called.
    func begin(_ content: ContentKey, stage: String) -> String?

    /// The work has ended, well or not.
    func end(_ content: ContentKey, stage: String)

    /// Why this is set aside; `nil` = it is not.
    func reason(_ content: ContentKey) -> String?
}

extension ContentGuard {
    /// Works on something that may end the process; `nil`, and why, when it is set aside.
    public func work<Value>(on content: ContentKey, stage: String, _ body: () throws -> Value) rethrows -> (Value?, String?) {
        if let why = begin(content, stage: stage) { return (nil, why) }
        defer { end(content, stage: stage) }
        return (try body(), nil)
    }
}
