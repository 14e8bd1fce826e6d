import CurfewModel

/// Who asks, and what they may do.
struct Caller: Sendable, Hashable {
    /// What somebody may do. An operator may do what a viewer may.
    enum Role: String, Sendable, Comparable, CaseIterable {
        case viewer, `operator`

        static func < (left: Role, right: Role) -> Bool { left == .viewer && right == .operator }
    }
    /// For the audit trail, and only what was verified: `token ci`, `uid 0`, `oidc sub=… iss=…`.
    var name: String
    var role: Role
    /// Whether they showed a secret that no browser sends by itself.
    var isExplicit: Bool
    /// The key of their session of the console.
    var session: String?

    static let anonymous = Caller(name: "anonymous", role: .viewer, isExplicit: false)
}

/// Somebody whom an identity provider has named.
struct Identity: Sendable, Hashable {
    var caller: Caller
    /// When the token that says so has no force any more.
    var end: Instant
}
