import Logging
import Synchronization

/// Warnings that anybody can cause: one line every ten seconds at most, with the number of those that it stands for.
final class SparseLog: Sendable {
    private let state = Mutex<(last: ContinuousClock.Instant?, left: Int)>((nil, 0))
    private let log: Logger
    private let pause: Duration

    init(_ log: Logger, pause: Duration = .seconds(10)) { (self.log, self.pause) = (log, pause) }

    func warning(_ text: @autoclosure () -> String) {
        let left = state.withLock { state -> Int? in
            let now = ContinuousClock.now
            if let last = state.last, now - last < pause {
                state.left += 1
                return nil
            }
            defer { state = (now, 0) }
            return state.left
        }
        guard let left else { return }
        log.warning("\(text())\(left > 0 ? " (and \(left) others since the last line)" : "")")
    }
}
