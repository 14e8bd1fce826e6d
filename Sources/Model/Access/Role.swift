/// What somebody gets: rights on one or more backends, for as long as a grant lives.
public struct Role: Hashable, Sendable {
    /// When the workloads of ``touches`` are replaced after a grant has ended.
    public enum Replace: String, Sendable, CaseIterable, Codable {
        /// Always.
        case always
        /// When there is evidence that somebody went in; also when a backend cannot tell.
        case used
        /// Never.
        case never
    }
    /// Unique name.
    public var name: Name
    /// The rights, at least one.
    public var binds: [Bind]
    /// Workloads that the rights reach into.
    public var touches: [Name]
    /// When those are replaced.
    public var replace: Replace

    /// Makes a role.
    public init(name: Name, binds: [Bind], touches: [Name] = [], replace: Replace = .used) {
        (self.name, self.binds, self.touches, self.replace) = (name, binds, touches, replace)
    }
}

/// A right on one backend. What `with` may hold is the backend's own; it is checked by the backend.
public struct Bind: Hashable, Sendable, Codable {
    /// The backend's name in the service's configuration.
    public var backend: Name
    /// The right, in the backend's own words.
    public var with: [String: Setting]
    /// Makes a right.
    public init(backend: Name, with: [String: Setting] = [:]) { (self.backend, self.with) = (backend, with) }
}

/// A value in `with`. At most 64 entries a list, 4096 bytes a text.
public indirect enum Setting: Hashable, Sendable, Codable {
    case text(String)
    case integer(Int)
    case bool(Bool)
    case list([Setting])

    /// The text, when it is one.
    public var text: String? { if case .text(let text) = self { text } else { nil } }
    /// The texts, when it is a list of texts (or one text).
    public var texts: [String]? {
        switch self {
        case .text(let text): [text]
        case .list(let items):
            items.allSatisfy { $0.text != nil } ? items.compactMap(\.text) : nil
        default: nil
        }
    }
}
