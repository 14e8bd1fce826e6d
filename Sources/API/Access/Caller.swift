/// Who asks, and what they may do.
struct Caller: Sendable, Equatable {
    /// What somebody may do. An operator may do what a viewer may.
    enum Role: String, Sendable, Comparable, CaseIterable {
        case viewer, `operator`

        static func < (left: Role, right: Role) -> Bool { left == .viewer && right == .operator }
    }
    /// For the audit trail: `token ci`, `uid 0`, `oidc alice@example.org`.
    var name: String
    var role: Role
    /// Whether they showed a secret that no browser sends by itself.
    var isExplicit: Bool

    static let anonymous = Caller(name: "anonymous", role: .viewer, isExplicit: false)
}
