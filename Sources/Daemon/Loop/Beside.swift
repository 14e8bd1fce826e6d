import CurfewModel
import Synchronization

/// Runs parts beside each other until the first of them returns or this task is cancelled. Then all are cancelled, and those that
/// have not returned after `grace` are left to themselves: what hangs must not keep the process from ending.
/// - Returns: whether all of them have returned.
@discardableResult
func runBeside(
    grace: Span, _ parts: [(priority: TaskPriority?, run: @Sendable () async -> Void)]
) async -> Bool {
    let first = OneShot<Void>()
    let all = OneShot<Void>()
    let left = Countdown(parts.count)
    let tasks = parts.map { part in
        let run = part.run
        return Task(priority: part.priority) {
            await run()
            first.set(())
            if left.isLast() { all.set(()) }
        }
    }
    await withTaskCancellationHandler {
        if !tasks.isEmpty { _ = await first.wait() }
    } onCancel: {
        first.set(())
    }
    for task in tasks { task.cancel() }
    return tasks.isEmpty ? true : await all.wait(atMost: grace) != nil
}

/// Counts down to nothing.
private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    /// Whether this was the last one.
    func isLast() -> Bool {
        left.withLock { left in
            left -= 1
            return left == 0
        }
    }
}
