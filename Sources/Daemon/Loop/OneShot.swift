import CurfewModel
import Synchronization

/// A value that is set once and waited for by anybody. The first one wins.
final class OneShot<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [Int: CheckedContinuation<Value?, Never>] = [:]
        var next = 0
    }
    private let state = Mutex(State())

    var value: Value? { state.withLock { $0.value } }

    /// Whether this one is the first.
    @discardableResult
    func set(_ value: Value) -> Bool {
        let waiters = state.withLock { state -> [CheckedContinuation<Value?, Never>]? in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters ?? [] { waiter.resume(returning: value) }
        return waiters != nil
    }

    /// Waits until it is set; `nil` when `limit` passes before. Goes on although the task is cancelled.
    func wait(atMost limit: Span? = nil) async -> Value? {
        let timer = Mutex<Task<Void, Never>?>(nil)
        defer { timer.withLock { $0 }?.cancel() }
        return await withCheckedContinuation { continuation in
            let (value, ticket) = state.withLock { state -> (Value?, Int) in
                if let value = state.value { return (value, 0) }
                state.next += 1
                state.waiters[state.next] = continuation
                return (nil, state.next)
            }
            if let value { return continuation.resume(returning: value) }
            guard let limit else { return }
            let task = Task { [weak self] in
                try? await Task.sleep(for: limit.duration)
                if !Task.isCancelled { self?.expire(ticket) }
            }
            timer.withLock { $0 = task }
        }
    }

    private func expire(_ ticket: Int) {
        state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(returning: nil)
    }
}

/// Runs `body` and waits for it at most so long; it goes on afterwards. `nil` = it is not done.
func bounded<Value: Sendable>(_ limit: Span, _ body: @escaping @Sendable () async -> Value) async -> Value? {
    let done = OneShot<Value>()
    Task { done.set(await body()) }
    return await done.wait(atMost: limit)
}
