import CurfewModel
import Synchronization

/// Wakes one waiting loop. Rings that come while nobody waits are kept as one.
final class Alarm: Sendable {
    private struct State {
        var rung = false
        var waiter: CheckedContinuation<Void, Never>?
        var ticket: UInt64 = 0
    }
    private let state = Mutex(State())

    /// Ends the wait under way, or the next one at once.
    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.rung = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Returns after `limit`, at a ring, or when the task is cancelled, whichever comes first.
    func wait(atMost limit: Span) async {
        guard limit > .zero else {
            state.withLock { $0.rung = false }
            return
        }
        let ticket = state.withLock { state in
            state.ticket += 1
            return state.ticket
        }
        let timer = Task { [weak self] in
            try? await Task.sleep(for: limit.duration)
            if !Task.isCancelled { self?.expire(ticket) }
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> Bool in
                    if state.rung || Task.isCancelled {
                        state.rung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if now { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
    }

    private func expire(_ ticket: UInt64) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.ticket == ticket else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
