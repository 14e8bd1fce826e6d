import Synchronization

/// Waits for something no longer than it is worth. What goes on after that goes on unseen: nothing waits for it.
enum Deadline {
    private final class Race<Result: Sendable>: Sendable {
        private struct State {
            var continuation: CheckedContinuation<Result, any Error>?
            var work: Task<Void, Never>?
            var timer: UInt64?
            var isOver = false
        }
        private let state = Mutex(State())

        func begin(_ continuation: CheckedContinuation<Result, any Error>) { state.withLock { $0.continuation = continuation } }

        func run(_ work: Task<Void, Never>, _ timer: UInt64) {
            let isOver = state.withLock { state in
                if !state.isOver { (state.work, state.timer) = (work, timer) }
                return state.isOver
            }
            if isOver { cancel(work, timer) }
        }

        private func cancel(_ work: Task<Void, Never>?, _ timer: UInt64?) {
            work?.cancel()
            if let timer { DeadlineClock.shared.remove(timer) }
        }

        func end(_ result: Swift.Result<Result, any Error>) {
            let (winner, work, timer) = state.withLock { state in
                defer { (state.continuation, state.work, state.timer, state.isOver) = (nil, nil, nil, true) }
                return (state.continuation, state.work, state.timer)
            }
            winner?.resume(with: result)
            cancel(work, timer)
        }
    }

    /// - Throws: what `body` throws, or ``Problem`` 503 after `limit`.
    static func race<Result: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let race = Race<Result>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                race.begin(continuation)
                let work = Task {
                    do { race.end(.success(try await body())) } catch { race.end(.failure(error)) }
                }
                // No task that sleeps: those stay in memory for the whole limit, however early they are cancelled.
                let timer = DeadlineClock.shared.add(limit) {
                    race.end(
                        .failure(Problem(.serviceUnavailable, "it takes too long; try again", headers: [.retryAfter: "5"])))
                }
                race.run(work, timer)
            }
        } onCancel: {
            race.end(.failure(CancellationError()))
        }
    }
}
