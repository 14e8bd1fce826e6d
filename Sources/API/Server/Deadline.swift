import Synchronization

/// Waits for something no longer than it is worth. What goes on after that goes on unseen: nothing waits for it.
enum Deadline {
    private final class Race<Result: Sendable>: Sendable {
        private struct State {
            var continuation: CheckedContinuation<Result, any Error>?
            var losers: [Task<Void, Never>] = []
            var isOver = false
        }
        private let state = Mutex(State())

        func begin(_ continuation: CheckedContinuation<Result, any Error>) { state.withLock { $0.continuation = continuation } }

        func run(_ tasks: [Task<Void, Never>]) {
            let isOver = state.withLock { state in
                state.losers = tasks
                return state.isOver
            }
            if isOver { for task in tasks { task.cancel() } }
        }

        func end(_ result: Swift.Result<Result, any Error>) {
            let (winner, losers) = state.withLock { state in
                defer { (state.continuation, state.isOver) = (nil, true) }
                return (state.continuation, state.losers)
            }
            winner?.resume(with: result)
            for task in losers { task.cancel() }
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
                let timer = Task {
                    try? await Task.sleep(for: limit)
                    if !Task.isCancelled {
                        race.end(
                            .failure(Problem(.serviceUnavailable, "it takes too long; try again", headers: [.retryAfter: "5"])))
                    }
                }
                race.run([work, timer])
            }
        } onCancel: {
            race.end(.failure(CancellationError()))
        }
    }
}
