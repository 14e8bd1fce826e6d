import CurfewDesiredState
public import CurfewGates
import CurfewGitSource
public import CurfewModel

/// Judges commits and grants of a clone by the same stages as the service does, changing nothing.
public struct Inspection: Sendable {
    /// One commit and what would become of it.
    public struct StepReport: Sendable {
        /// The commit.
        public var commit: CommitFacts
        /// What the policies of its parent say.
        public var verdict: TrustVerdict
    }
    private let mirror: Mirror
    private let trust: TrustKeeper
    private let rules: TrustRules
    private let now: Instant

    /// - Parameters:
    ///   - objects: the clone's `.git`.
    ///   - rules: who is trusted besides the policies.
    ///   - root: the first commit that counts (`trust.root`); `nil` = not known here.
    public init(objects: String, rules: TrustRules, root: ObjectID? = nil, now: Instant = WallClock.system.now) {
        mirror = Mirror(path: objects, location: RepositoryLocation(url: objects), worker: [])
        let loader = DesiredStateLoader(runtimes: [:], enforcesPolicies: true)
        trust = TrustKeeper(mirror: mirror, loader: loader, rules: rules, root: root)
        (self.rules, self.now) = (rules, now)
    }

    /// Each first-parent commit above `base`, judged by the policies of its parent.
    public func steps(from base: ObjectID, to head: ObjectID) async throws -> [StepReport] {
        try await mirror.open(cleaning: false)
        try await requireRoot(below: head)
        let approvals = try await mirror.approvals(under: "refs/tags/approvals/")
        var reports: [StepReport] = []
        var parent = base
        for commit in try await mirror.steps(from: base, to: head, limit: 1000) {
            let verdict = try await trust.judge(commit, parent: parent, approvals: approvals, now: now)
            reports.append(StepReport(commit: try await mirror.facts(of: commit), verdict: verdict))
            parent = commit
        }
        return reports
    }

    /// Every grant at `head`, as if that were what `branch` becomes. What is not on the branch yet is seen just now.
    public func grants(at head: ObjectID, onto branch: ObjectID, backends: [Name: BackendFacts]?) async throws -> [GrantVerdict]
    {
        try await mirror.open(cleaning: false)
        try await requireRoot(below: head)
        let approvals = try await mirror.approvals(under: "refs/tags/approvals/")
        let before = try await GrantHistory().advanced(to: branch, root: nil, in: mirror)
        let history = try await before.advanced(to: head, root: nil, in: mirror)
        let policies = try await trust.policies(at: head)
        var cases: [GrantCase] = []
        var parents: [ObjectID: PolicySet] = [:]
        for file in try await trust.grants(at: head).files {
            let entry = GrantHistory.Entry(path: file.path, blob: file.blob)
            guard let commit = history.introduced[entry] else { continue }
            let step = try await mirror.step(commit)
            if let parent = step.commit.parents.first { parents[commit] = try await trust.policies(at: parent).set }
            let isOnBranch = before.introduced[entry] != nil
            let at = step.commit.committer.at
            cases.append(
                GrantCase(
                    file: file, step: step, firstSeen: isOnBranch ? max(at, min(now, at + .seconds(60))) : now,
                    isReplayed: history.replayed.contains(entry) || (before.known.contains(entry) && !isOnBranch)))
        }
        return GrantGate.judge(
            cases, policies: policies.set, parents: parents, policiesAreBroken: policies.isBroken, rules: rules,
            backends: backends, approvals: approvals, running: [], history: BreakGlassHistory(), now: now)
    }

    /// Whatever does not stand on the pinned commit is another repository's.
    private func requireRoot(below head: ObjectID) async throws {
        guard try await !trust.isAboveRoot(head) else { return }
        throw GitError(
            .invalid, operation: "verify", subject: head.short,
            "the commit that trust.root pins (\(trust.root?.short ?? "-")) is not on its line of first parents; it is another history, and nothing of it is taken"
        )
    }
}
