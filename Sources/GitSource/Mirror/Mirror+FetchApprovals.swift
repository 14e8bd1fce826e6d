import CurfewModel
import Foundation
import Synchronization

/// What is known of the remote's tags of approvals.
struct ApprovalState {
    /// Stands for those that were fetched last.
    var seen: String?
    /// The branch's tip then: what was too heavy may be light once the branch has what it names.
    var tip: ObjectID?
    /// Tags that are too heavy; they are not tried again at each question.
    var heavy: Set<ObjectID> = []
    /// When a fetch that failed may be tried again.
    var retryAt: ContinuousClock.Instant?
    /// Why the last fetch failed.
    var problem: String?
    /// The fetch under way.
    var running: Task<Void, Never>?
    /// Most heavy tags that are remembered.
    static let mostHeavy = 10_000
}

extension Mirror {
    /// Why tags of approvals could not be fetched, `nil` = they were.
    public var approvalProblem: String? { approvalState.problem }

    /// Waits until the fetch of approvals that is under way has ended.
    public func approvalsFetched() async { await approvalState.running?.value }

    /// Begins to fetch approvals when those of the remote are not those that are here.
    /// - Returns: whether a fetch is under way.
    func beginApprovals(_ seen: String, tip: ObjectID) -> Bool {
        if approvalState.running != nil { return true }
        let depends = !approvalState.heavy.isEmpty || (Int(seen.prefix { $0 != "-" }) ?? 0) > GitWorker.approvalLimit
        guard seen != approvalState.seen || (depends && tip != approvalState.tip) else { return false }
        if let retry = approvalState.retryAt, retry > .now, tip == approvalState.tip { return false }
        if tip != approvalState.tip { approvalState.heavy = [] }
        var request = request(.approvals)
        (request.known, request.heavy) = (tip, Array(approvalState.heavy))
        approvalState.tip = tip
        let asked = request
        approvalState.running = Task { await self.fetchApprovals(asked) }
        return true
    }

    /// Waits for that fetch, but not longer than this.
    /// - Returns: whether it has ended.
    func approvalsFetched(within limit: Span) async -> Bool {
        guard let running = approvalState.running else { return true }
        return await withCheckedContinuation { continuation in
            let first = First(continuation)
            Task {
                await running.value
                first.resume(true)
            }
            Task {
                try? await Task.sleep(for: limit.duration)
                first.resume(false)
            }
        }
    }

    private func fetchApprovals(_ request: WorkerRequest) async {
        do {
            let answer = try await exchange(request)
            approvalState.heavy.formUnion(answer.heavy ?? [])
            if approvalState.heavy.count > ApprovalState.mostHeavy { approvalState.heavy = [] }
            let isPartial = answer.isPartial == true
            approvalState.seen = isPartial ? nil : answer.approvals
            approvalState.retryAt = isPartial ? .now + .seconds(60) : nil
            approvalState.problem = isPartial ? "there are more heavy tags than can be told apart at once" : nil
            if answer.approvalsMoved == true { approvalsMoved() }
        } catch {
            // The child may have written some before it ended.
            approvalsMoved()
            approvalState.retryAt = .now + .seconds(60)
            approvalState.problem = "\(error)"
        }
        Incoming.remove(.approvals, in: path)
        approvalState.running = nil
    }
}

/// Lets the first of several answers through.
private final class First: Sendable {
    private let waiting: Mutex<CheckedContinuation<Bool, Never>?>

    init(_ continuation: CheckedContinuation<Bool, Never>) { waiting = Mutex(continuation) }

    func resume(_ value: Bool) {
        waiting.withLock { continuation in
            continuation?.resume(returning: value)
            continuation = nil
        }
    }
}
