import CurfewModel
import Synchronization

/// Asks one thing of one driver at a time, each time with a deadline that holds even when the driver ignores being
/// cancelled: whoever hangs costs one task for good, not one more with every question.
actor Lane {
    private var underWay: Task<Void, Never>?

    /// The answer of `body`.
    /// - Throws: ``TimedOut`` when there is none within `limit`, or whatever `body` throws.
    func ask<Value: Sendable>(within limit: Span, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let earlier = underWay
        let race = Race<Value>()
        let task = Task {
            // The last question has had its deadline and still hangs: a new one would hang behind it.
            await earlier?.value
            if Task.isCancelled { return race.finish(.failure(TimedOut(limit: limit))) }
            do { race.finish(.success(try await body())) } catch { race.finish(.failure(error)) }
        }
        underWay = task
        let alarm = Task {
            try? await Task.sleep(for: limit.duration)
            task.cancel()
            race.finish(.failure(TimedOut(limit: limit)))
        }
        defer { alarm.cancel() }
        return try await withTaskCancellationHandler {
            try await race.value()
        } onCancel: {
            task.cancel()
            race.finish(.failure(CancellationError()))
        }
    }
}

/// There was no answer in time.
struct TimedOut: Error, Equatable, CustomStringConvertible {
    var limit: Span
    var description: String { "no answer within \(limit)" }
}

/// The first of several outcomes, for one waiter.
private final class Race<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Value, any Error>)
        case done(Result<Value, any Error>)
        case taken
    }
    private let state = Mutex<State>(.open)

    func finish(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .open: state = .done(result)
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .done, .taken: break
            }
            return nil
        }
        waiter?.resume(with: result)
    }

    func value() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state -> Result<Value, any Error>? in
                if case .done(let result) = state {
                    state = .taken
                    return result
                }
                state = .waiting(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }
}
