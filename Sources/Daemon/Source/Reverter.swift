import CurfewDesiredState
import CurfewGitSource
import CurfewJournal
import CurfewModel
import Synchronization

/// Writes rollbacks back to Git. Each wish is tried until it is on the branch, or there is nothing left to revert, or a
/// person has to do it. Killed anywhere, it finds out from the branch itself what it has already pushed.
actor Reverter {
    private let mirror: Mirror
    private let assembler: RevisionAssembler
    private let own: OwnCommits
    private let push: OwnPush
    private let queue: RevertQueue
    private let journal: Journal
    private let clock: WallClock
    private let landed: @Sendable () -> Void
    private let alarm = Alarm()
    private let tryAll = Atomic<Bool>(false)

    init(
        mirror: Mirror, assembler: RevisionAssembler, own: OwnCommits, push: OwnPush, queue: RevertQueue, journal: Journal,
        clock: WallClock, landed: @escaping @Sendable () -> Void
    ) {
        (self.mirror, self.assembler, self.own, self.push, self.queue) = (mirror, assembler, own, push, queue)
        (self.journal, self.clock, self.landed) = (journal, clock, landed)
    }

    /// There may be something to do. `tryingAll`: what waits for another try after a failure as well.
    nonisolated func hurry(tryingAll: Bool = false) {
        if tryingAll { tryAll.store(true, ordering: .relaxed) }
        alarm.ring()
    }

    /// Works until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let next = await work()
            await alarm.wait(atMost: next)
        }
    }

    /// Tries all that is due; returns how long there is nothing more to do.
    @discardableResult
    func work() async -> Span {
        let pending = queue.all().filter { $0.outcome == nil }
        let hurried = tryAll.exchange(false, ordering: .relaxed)
        var next = Span.seconds(3600)
        for var revert in pending {
            let wait = revert.nextTry - clock.now
            // A wish that is due later than the longest pause was written under another clock: it is due now.
            if !hurried, wait > .zero, wait <= Self.longestPause {
                next = min(next, wait)
                continue
            }
            await attempt(&revert)
            if revert.outcome == nil { next = min(next, revert.nextTry - clock.now) }
            do { try queue.save(revert) } catch { next = min(next, .seconds(5)) }
        }
        for done in queue.all() where done.outcome != nil && clock.now - done.requestedAt > .seconds(86_400) {
            queue.remove(done.commit)
        }
        return max(next, .milliseconds(100))
    }

    private static let longestPause = Span.seconds(60)

    private func attempt(_ revert: inout PendingRevert) async {
        do {
            let tip = try await mirror.refresh().tip
            if let outcome = try await settled(revert, at: tip) {
                revert.outcome = outcome
            } else {
                let (push, scope) = (push, try await scope(of: revert))
                let pushed = try await mirror.revertAndPush(
                    revert.commit, within: scope, subject: nil, body: revert.commitBody, at: clock.now, attempts: 5
                ) { try await push.admit($0) }
                revert.outcome = .pushed(pushed)
                await record("revert.pushed", revert, "reverted \(revert.commit.short) with \(pushed.short): \(revert.reason)")
                landed()
            }
            revert.problem = nil
        } catch let error as GitError where error.code == .conflict {
            await giveUp(&revert, because: "\(error)")
        } catch let refusal as OwnPush.Refusal where refusal.until == nil {
            await giveUp(&revert, because: "the revert of \(revert.commit.short) is not pushed: \(refusal)")
        } catch {
            let first = revert.attempts == 0
            revert.attempts += 1
            revert.problem = "\(error)"
            let pause = min(Int64(1) << min(Int64(revert.attempts), 6), Self.longestPause.milliseconds / 1000)
            revert.nextTry = clock.now + .seconds(pause)
            if first {
                await record("revert.delayed", revert, "cannot push the revert of \(revert.commit.short) yet: \(error)")
            }
        }
        if case .obsolete(let why)? = revert.outcome { await record("revert.obsolete", revert, why) }
    }

    /// What may be taken back: of a failed deploy what belongs to its bundle; of a commit that somebody names all that it
    /// deployed, and without signatures, where nothing is judged, all that it did.
    private func scope(of revert: PendingRevert) async throws -> PathScope {
        if push.trust == nil, revert.bundle == nil { return .everything }
        return try await own.scope(of: revert.commit, bundle: revert.bundle)
    }

    /// A person has to do it.
    private func giveUp(_ revert: inout PendingRevert, because why: String) async {
        let parents = (try? await mirror.commit(revert.commit).parents.count) ?? 1
        let command = "git revert -S \(parents > 1 ? "-m 1 " : "")\(revert.commit.short)"
        let text = "\(why); take \(revert.commit.short) back yourself: `\(command)`, check what it changes, and push"
        revert.outcome = .impossible(text)
        await record("revert.impossible", revert, text)
    }

    /// What the branch says: done already, or nothing left to do.
    private func settled(_ revert: PendingRevert, at tip: ObjectID) async throws -> PendingRevert.Outcome? {
        guard try await mirror.isAncestor(revert.commit, of: tip) else {
            return .obsolete("\(revert.commit.short) is not on the branch any more")
        }
        for commit in try await mirror.firstParents(from: tip, until: revert.commit, limit: 1000) {
            if try await own.isRevert(commit.id, of: revert.commit) { return .pushed(commit.id) }
        }
        guard let workload = revert.workload, let bundle = revert.bundle, let bad = revert.generation else { return nil }
        let now = try await assembler.bundle(bundle, at: tip)?.workloads.first { $0.desired.workload.name == workload }
        if now?.desired.generation != bad { return .obsolete("a newer commit has changed \(workload) already") }
        return nil
    }

    private func record(_ kind: String, _ revert: PendingRevert, _ message: String) async {
        _ = try? await journal.append(
            JournalEvent(
                sequence: 0, at: clock.now, kind: kind, workload: revert.workload, revision: revert.commit, message: message,
                details: revert.requestedBy.map { ["requestedBy": $0] } ?? [:]))
    }
}
