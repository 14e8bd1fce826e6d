public import CurfewModel

/// An owner's commit that accepts everything below it.
///
/// It names its parent (`Curfew-Seal`), and what it was made for: the pinned first commit (`Curfew-Root`) and the last commit
/// that had been accepted (`Curfew-Accepted`). On a line that goes on from the last accepted commit its own parents name
/// both already, and the two may be left out; a rewritten history is accepted with all three alone.
public struct Seal: Hashable, Sendable {
    /// The commit that it is to lie on.
    public var tip: ObjectID
    /// The first commit that counts, `nil` = not named.
    public var root: ObjectID?
    /// The last one that had been accepted, `nil` = not named.
    public var accepted: ObjectID?

    /// Names what a seal has to say.
    public init(tip: ObjectID, root: ObjectID?, accepted: ObjectID?) {
        (self.tip, self.root, self.accepted) = (tip, root, accepted)
    }

    /// Reads one; `nil` when the message carries none, or one that says a thing twice or nonsense.
    public init?(_ trailers: Trailers) {
        guard let tip = trailers.only(Self.tipKey).flatMap({ ObjectID($0) }) else { return nil }
        let root = trailers.only(Self.rootKey).flatMap { ObjectID($0) }
        let accepted = trailers.only(Self.acceptedKey).flatMap { ObjectID($0) }
        guard (root == nil) == trailers.values(Self.rootKey).isEmpty,
            (accepted == nil) == trailers.values(Self.acceptedKey).isEmpty
        else { return nil }
        self.init(tip: tip, root: root, accepted: accepted)
    }

    /// The lines of its trailer block.
    public var lines: [String] {
        ["\(Self.tipKey): \(tip)"] + (root.map { ["\(Self.rootKey): \($0)"] } ?? [])
            + (accepted.map { ["\(Self.acceptedKey): \($0)"] } ?? [])
    }

    /// What somebody types who wants to make it, on top of ``tip``.
    public var command: String {
        "git commit --allow-empty -S -m Seal" + lines.map { " --trailer '\($0)'" }.joined()
    }

    private static let tipKey = "Curfew-Seal"
    private static let rootKey = "Curfew-Root"
    private static let acceptedKey = "Curfew-Accepted"

    /// Whether it is one for this branch at this moment, whoever has signed it.
    /// - Parameter continues: whether it lies on a line of first parents that goes on from `accepted`.
    public func fits(root: ObjectID?, accepted: ObjectID, continues: Bool) -> Bool {
        if let named = self.root, named != root { return false }
        return continues || (self.root != nil && self.root == root && self.accepted == accepted)
    }

    /// The owner who validly seals by this commit, `nil` when nobody does.
    /// - Parameters:
    ///   - root: what `trust.root` pins.
    ///   - accepted: the last accepted commit.
    ///   - policies: `policies/` as that one has them.
    public static func signer(
        of commit: CommitFacts, root: ObjectID?, accepted: ObjectID, continues: Bool, policies: PolicySet, rules: TrustRules,
        now: Instant
    ) -> Name? {
        guard let seal = Seal(commit.trailers), commit.parents.first == seal.tip,
            seal.fits(root: root, accepted: accepted, continues: continues)
        else { return nil }
        let (signer, reasons) = Signing(policies: policies, rules: rules, now: now).examine(commit)
        guard reasons.isEmpty, let signer, rules.owners.contains(signer) else { return nil }
        return signer
    }
}
