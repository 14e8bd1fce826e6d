import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewJournal
import CurfewModel

/// Decides how far the branch may be followed: judges each new first-parent commit by the policies of its parent.
struct TrustKeeper: Sendable {
    /// How far the branch may be followed, and why no further.
    struct Outcome: Sendable, Equatable {
        var accepted: ObjectID
        /// The commit that stands in the way, with the reasons.
        var held: String?
        /// When a commit that waits is to be looked at again.
        var until: Instant?
    }
    let mirror: Mirror
    let loader: DesiredStateLoader
    let rules: TrustRules
    /// What the configuration pins; nothing below it counts. `nil` = nothing is pinned (a person's clone is looked at).
    let root: ObjectID?
    let record: TrustRecord
    let own: OwnCommits
    private let queue = PrivateQueue("trust")
    private let sights = MergeSights()
    /// Most new commits of one look; the rest comes at the next one.
    static let batch = 1000

    /// How many commits of a rewritten history are searched for a seal.
    static let sealDepth = 1000

    /// - Parameter journal: where seals and own commits are remembered; `nil` = nowhere (a person's clone).
    init(
        mirror: Mirror, loader: DesiredStateLoader, rules: TrustRules, root: ObjectID?, journal: Journal? = nil,
        clock: WallClock = .system
    ) {
        (self.mirror, self.loader, self.rules, self.root) = (mirror, loader, rules, root)
        record = TrustRecord(mirror: mirror, journal: journal, clock: clock)
        own = OwnCommits(mirror: mirror, loader: loader, key: rules.curfewKey, root: root)
    }

    /// `policies/` of a commit. While they are broken, the set is the whole one that was there before, never the part that can
    /// be read: what a rule that cannot be read protects stays protected.
    func policies(at commit: ObjectID) async throws -> LoadedPolicies {
        var (loaded, folder) = try await read(commit)
        if loaded.isBroken { loaded.set = try await lastWhole(before: commit, broken: folder) }
        return loaded
    }

    /// The newest whole set below a commit whose own is broken. Without one nobody is known, and nothing is taken.
    private func lastWhole(before commit: ObjectID, broken: ObjectID?) async throws -> PolicySet {
        var (next, known) = (commit, broken)
        while next != root, let parent = try await mirror.commit(next).parents.first {
            let (loaded, folder) = try await read(parent)
            if folder != known || folder == nil, !loaded.isBroken { return loaded.set }
            (next, known) = (parent, folder)
        }
        return PolicySet()
    }

    /// `policies/` of one commit with its tree. Objects that cannot be read are broken policies, and no reason to stop: the commit
    /// was refused, or an owner has sealed it.
    private func read(_ commit: ObjectID) async throws -> (loaded: LoadedPolicies, folder: ObjectID?) {
        do {
            let tree = try await mirror.tree(at: commit)
            let loader = loader
            let loaded = try await queue.run { try loader.loadPolicies(tree) }
            return (loaded, try tree.entry(at: "policies")?.id)
        } catch let error as GitError where error.isAboutObjects {
            let problem = Diagnostic(file: "policies", "it cannot be read: \(error.message)")
            return (LoadedPolicies(set: PolicySet(), diagnostics: [problem], isBroken: true), nil)
        }
    }

    /// `grants/` of a commit.
    func grants(at commit: ObjectID) async throws -> LoadedGrants {
        let tree = try await mirror.tree(at: commit)
        let loader = loader
        return try await queue.run { try loader.loadGrants(tree) }
    }

    /// Judges what is above `accepted` (`nil`: above the pinned root), oldest first, up to `tip`.
    /// - Throws: ``GitError`` when the history cannot be read; then nothing is taken.
    func follow(from accepted: ObjectID?, to tip: ObjectID, now: Instant) async throws -> Outcome {
        guard let root, let base = accepted ?? self.root else {
            throw GitError(.invalid, operation: "verify", subject: tip.short, "no commit is pinned; set trust.root")
        }
        if accepted == nil, try await !isAboveRoot(tip) {
            throw GitError(
                .invalid, operation: "verify", subject: tip.short,
                "the branch does not contain the commit that trust.root pins (\(root.short)); check the branch, or trust.root")
        }
        var outcome = Outcome(accepted: base)
        let steps = try await mirror.steps(from: base, to: tip, limit: Self.batch)
        sights.note(steps, at: now)
        let approvals = try await mirror.approvals()
        for (index, commit) in steps.enumerated() {
            let verdict = try await judge(commit, parent: outcome.accepted, approvals: approvals, now: now)
            switch verdict {
            case .accepted: outcome.accepted = commit
            case .waits(let until, let reasons):
                (outcome.held, outcome.until) = (Self.told(commit, "waits", reasons), until)
                return outcome
            case .refused(let reasons):
                let above = Array(steps[index...])
                if let seal = try await seal(in: above, accepted: outcome.accepted, continues: true, now: now) {
                    return try await follow(from: seal, to: tip, now: now)
                }
                outcome.held = Self.told(commit, "is refused", reasons) + "; " + proposal(tip, outcome.accepted)
                return outcome
            }
        }
        return outcome
    }

    /// The verdict on one commit.
    /// - Parameter origin: where a commit by Curfew's own key comes from; `nil` = as the record says.
    func judge(
        _ commit: ObjectID, parent: ObjectID, approvals: [ApprovalTag], origin: OwnCommit.Origin? = nil, now: Instant
    ) async throws -> TrustVerdict {
        let step = try await mirror.step(commit)
        let policies = try await policies(at: parent)
        var facts = OwnCommit()
        if let key = rules.curfewKey, step.commit.signature == .good(key) {
            facts = try await own.facts(of: commit)
            facts.origin = try await record.origin(of: commit)
            if let origin { facts.origin = origin }
        }
        // No commit is merged before the one that it is merged onto.
        let before = [(try? await mirror.commit(parent))?.committedAt, sights.absent(commit)].compactMap { $0 }.max()
        return TrustGate.judge(
            step, policies: policies.set, policiesAreBroken: policies.isBroken, rules: rules, approvals: approvals,
            own: facts, mergedAfter: before, now: now)
    }

    /// The newest commit of a line by which an owner accepts its parent and everything below. It is written down as used.
    private func seal(in line: [ObjectID], accepted: ObjectID, continues: Bool, now: Instant) async throws -> ObjectID? {
        let policies = try await policies(at: accepted).set
        for commit in line.reversed() {
            let info = try await mirror.commit(commit)
            guard let seal = Seal(info.trailers), seal.tip == info.parents.first,
                seal.fits(root: root, accepted: accepted, continues: continues)
            else { continue }
            let facts = try await mirror.facts(of: commit)
            let signer = Seal.signer(
                of: facts, root: root, accepted: accepted, continues: continues, policies: policies, rules: rules, now: now)
            guard signer != nil, try await isAboveRoot(commit),
                try await !record.isSpent(commit, accepted: accepted, root: root, continues: continues)
            else { continue }
            try await record.accept(commit, from: accepted)
            return commit
        }
        return nil
    }

    /// Whether an owner has accepted a rewritten history: a commit on it that names all three, and was never on the old one.
    func sealed(_ tip: ObjectID, since accepted: ObjectID, now: Instant) async throws -> ObjectID? {
        let line = try await mirror.firstParents(from: tip, until: root, limit: Self.sealDepth).map(\.id)
        return try await seal(in: line.reversed(), accepted: accepted, continues: false, now: now)
    }

    /// Why a tip is held that does not go on from what was accepted, and what to do.
    func rewritten(_ tip: ObjectID, since accepted: ObjectID) async throws -> String {
        guard try await isAboveRoot(tip) else {
            return
                "history was rewritten: the commit that trust.root pins (\(root?.short ?? "-")) is not on the line of first parents of \(tip.short); "
                + "restore the branch: no seal accepts another history"
        }
        return Self.rewritten(tip, accepted, Seal(tip: tip, root: root, accepted: accepted))
    }

    static func rewritten(_ tip: ObjectID, _ accepted: ObjectID, _ seal: Seal) -> String {
        "history was rewritten: \(accepted.short), the last revision taken, is not on the line of first parents of \(tip.short); "
            + "restore the branch (merge into it, never it into another), or accept it as it is: on top of it, an owner runs \(seal.command)"
    }

    /// Whether the pinned commit lies on the line of first parents below a commit, or is it. What merely merges it is another
    /// history. True when nothing is pinned.
    func isAboveRoot(_ commit: ObjectID) async throws -> Bool {
        guard let root else { return true }
        return try await mirror.isOnLine(root, below: commit)
    }

    /// What an owner does to accept a branch as it is.
    func proposal(_ tip: ObjectID, _ accepted: ObjectID) -> String {
        "to accept it as it is, an owner runs on top of it: "
            + Seal(tip: tip, root: root, accepted: accepted).command
    }

    private static func told(_ commit: ObjectID, _ what: String, _ reasons: [String]) -> String {
        "commit \(commit.short) \(what): \(reasons.joined(separator: "; "))"
    }
}
