import CurfewGitSource
import CurfewJournal
public import CurfewModel
import Foundation

extension Workbench {
    /// What a rollback would do.
    public struct Rollback: Sendable {
        /// The wish that is written for the daemon.
        public var revert: PendingRevert
        /// The first line of the commit that is reverted.
        public var summary: String
        /// The pin that takes effect at once, for a local rollback.
        public var pin: Pin?
    }

    /// Finds out what rolling back means.
    /// - Parameter target: a workload's name, a revision, or `nil` for the newest commit.
    /// - Parameter local: pin the workload to its older self at once, before the revert is on the branch.
    public func prepareRollback(of target: String?, local: Bool, reason: String?, by user: String) async throws -> Rollback {
        let tip = try await localTip()
        let now = WallClock.system.now
        if let name = target.flatMap({ Name($0) }), let workload = try await assembler.assemble(tip).desired.workloads[name] {
            let finder = ChangeFinder(mirror: mirror, assembler: assembler)
            guard
                let change = try await finder.change(
                    of: name, in: workload.bundle, to: workload.generation, from: workload.revision),
                let parent = change.commit.parents.first
            else {
                throw DaemonError(
                    .notFound, operation: "roll back", subject: name.rawValue,
                    "there is no older generation in the branch's history")
            }
            let revert = PendingRevert(
                commit: change.commit.id, reason: reason ?? "Roll back \(name) from generation \(workload.generation.short).",
                workload: name, bundle: workload.bundle, generation: workload.generation, requestedBy: user, requestedAt: now)
            let pin = Pin(
                workload: name, bundle: workload.bundle, bad: workload.generation, revision: parent, by: user, at: now)
            return Rollback(revert: revert, summary: change.commit.summary, pin: local ? pin : nil)
        }
        guard !local else {
            throw DaemonError(
                .refused, operation: "roll back", subject: target ?? "the newest commit",
                "--local needs the name of a workload that the branch asks for")
        }
        let commit = try await mirror.commit(target.map { try resolve($0) } ?? tip)
        guard try await mirror.isAncestor(commit.id, of: tip) else {
            throw DaemonError(.refused, operation: "roll back", subject: commit.id.short, "it is not on the branch")
        }
        let revert = PendingRevert(
            commit: commit.id, reason: reason ?? "Roll back \(commit.id.short).", requestedBy: user, requestedAt: now)
        return Rollback(revert: revert, summary: commit.summary, pin: nil)
    }

    /// Writes the wish. Beside a daemon, that one carries it out; alone, the revert is pushed now.
    public func carryOut(_ rollback: Rollback) async throws {
        let queue = RevertQueue(state)
        if let pin = rollback.pin { try Controls(state).pin(pin) }
        try queue.add(rollback.revert)
        if daemon != nil { return wakeDaemon() }
        let journal = try Journal(path: state.journal)
        let trust = try await trust(recordingIn: journal)
        let reverter = Reverter(
            mirror: mirror, assembler: assembler,
            own: try await Composition.ownCommits(of: configuration, mirror: mirror, loader: loader, trust: trust),
            push: OwnPush(trust: trust, clock: .system), queue: queue, journal: journal, clock: .system, landed: {})
        await reverter.work()
    }

    /// Waits until the wish has an outcome or a problem, at most `limit`.
    public func outcome(of rollback: Rollback, within limit: Span) async -> PendingRevert {
        let queue = RevertQueue(state)
        let end = WallClock.system.now + limit
        while true {
            let known = queue.read(rollback.revert.commit) ?? rollback.revert
            if known.outcome != nil || known.problem != nil || WallClock.system.now >= end { return known }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The newest revision that is known without asking the remote, if it can be had so.
    private func localTip() async throws -> ObjectID {
        if let applied = try await mirror.marks(under: "state")["applied"] { return applied }
        return try await tip()
    }
}
