import CurfewModel
import Synchronization

/// From when on commits can have been on the branch, by Curfew's own clock: what a look at the branch did not show was merged
/// after it, whatever date it claims. Of a process's first look nothing is known.
final class MergeSights: Sendable {
    private struct State {
        var last: Instant?
        var after: [ObjectID: Instant] = [:]
    }
    private let state = Mutex(State())

    /// A look that shows these commits above what is accepted.
    func note(_ commits: [ObjectID], at now: Instant) {
        state.withLock { state in
            var next: [ObjectID: Instant] = [:]
            for commit in commits { next[commit] = state.after[commit] ?? state.last }
            (state.after, state.last) = (next, now)
        }
    }

    /// A moment at which the branch did not have it yet; `nil` = none is known.
    func absent(_ commit: ObjectID) -> Instant? { state.withLock { $0.after[commit] } }
}
