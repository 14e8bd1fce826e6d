import CurfewModel
import Synchronization

/// The last picture of the loop, for those who look often: the loop hangs it up, and nobody who looks makes it wait.
final class StatusBoard: Sendable {
    struct Picture: Sendable {
        var status: Status?
        /// Grows with each status.
        var version = 0
        var steps: [PlanStep] = []
        /// When the loop turned last; when the board was made, before that.
        var tick = ContinuousClock.now
        /// Why the journal cannot be written.
        var journalProblem: String?
        /// When each access that is there ends, or was to have ended.
        var ends: [GrantID: Instant] = [:]

        /// How many of them are over since more than `span`, and since how long at most.
        func overdue(by span: Span, at now: Instant) -> (count: Int, longest: Span) {
            let late = ends.values.map { now - $0 }.filter { $0 > span }
            return (late.count, late.max() ?? .zero)
        }
    }
    private let picture = Mutex(Picture())
    /// When the service began.
    let started = ContinuousClock.now

    var current: Picture { picture.withLock { $0 } }

    func hang(_ status: Status) {
        picture.withLock {
            $0.status = status
            $0.version += 1
        }
    }

    func hang(_ steps: [PlanStep]) { picture.withLock { $0.steps = steps } }

    func showEnds(_ ends: [GrantID: Instant]) { picture.withLock { $0.ends = ends } }

    func ticked(journalProblem: String?) {
        picture.withLock {
            $0.tick = .now
            $0.journalProblem = journalProblem
        }
    }
}
