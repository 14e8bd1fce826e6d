import CurfewDrivers
import CurfewModel

/// What Curfew remembers of one grant between ticks. Losing it costs nothing but the first sight: everything else can be
/// read again from history and from the backends.
struct GrantRecord: Sendable, Codable, Equatable {
    /// How far it has come. Each phase is repeated until it holds.
    enum Phase: String, Sendable, Codable {
        /// On the branch, not made real.
        case seen
        /// Made real on every backend that could be reached, until ``GrantRecord/end``.
        case given
        /// To be ended on the backends and proven gone.
        case ending
        /// Gone; its file is still to be removed from the branch.
        case ended
        /// Gone from everywhere.
        case closed
    }
    var id: GrantID
    var path: RepositoryPath
    var phase = Phase.seen
    /// First sight, by Curfew's clock.
    var firstSeen: Instant
    /// The commit that brought it onto the branch.
    var broughtBy: ObjectID?
    var person: Name?
    var role: Name?
    /// What it was asked for; hostile text.
    var purpose: String?
    var start: Instant?
    var end: Instant?
    /// Backends that it was given on, or may have been.
    var backends: [Name] = []
    /// Backends on which it has been proven gone.
    var gone: [Name] = []
    var touches: [Name] = []
    var replace = Role.Replace.never
    /// Why it ended, or why it was refused.
    var reasons: [String] = []
    /// It failed its gates: it was never made real.
    var isAttempt = false
    /// What the targets told of it, for the revert's message.
    var evidence: [String] = []
    /// Whether its credentials lie on a reference of the remote.
    var hasCredentials = false
    var breakGlass = false
    /// Who reviewed the break-glass.
    var reviewedBy: Name?
    /// An engine told that somebody went into an instance of what it touches.
    var wasEntered: Bool?
    /// Since when it is to be ended.
    var due: Instant?
    /// The revision in force when it was given, and the tree of its `policies/`.
    var givenUnder: ObjectID?
    var givenPolicies: ObjectID?
    /// Whose approvals counted then, with the keys that they were signed with.
    var approvedWith: [Name: SSHPublicKey]?
    /// First sight of each tag that approves it.
    var tagsSeen: [ObjectID: Instant]?

    init(_ file: GrantFile, firstSeen: Instant) {
        (id, path, self.firstSeen) = (file.id, file.path, firstSeen)
        (person, role, breakGlass) = (file.grant.person, file.grant.role, file.grant.breakGlass)
        purpose = file.grant.reason
    }

    init(_ broken: BrokenGrant, name: Name, firstSeen: Instant) {
        (id, path, self.firstSeen) = (GrantID(name: name, blob: broken.blob), broken.path, firstSeen)
        (isAttempt, phase) = (true, .ended)
        reasons = broken.diagnostics.map(\.description)
    }

    /// What a file that holds no usable grant is remembered by: its own name where it has one, and otherwise a number that
    /// follows from every byte of its path, so that two such files are two records.
    static func name(for path: RepositoryPath) -> Name {
        if let label = path.last?.stem.label, path == RepositoryPath("grants/\(label).yaml") { return label }
        let number = path.bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return Name("unnamed-" + String(number, radix: 16)) ?? Name(literal: "unnamed")
    }

    /// Whether glass was broken with it and nobody has looked at that yet.
    var waitsForReview: Bool {
        breakGlass && start != nil && reviewedBy == nil && (phase == .seen || !backends.isEmpty)
    }

    /// The key of its fact.
    static func key(of id: GrantID) -> String { "grant/\(id)" }
}
