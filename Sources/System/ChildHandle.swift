import Glibc
import Synchronization

/// Kills a child from another thread, and only for as long as its number means that child.
final class ChildHandle: Sendable {
    private struct State {
        var pid: pid_t?
        var isKilled = false
    }
    private let state = Mutex(State())

    /// Whether ``kill()`` was called before the child had ended.
    var isKilled: Bool { state.withLock { $0.isKilled } }

    func begin(_ pid: pid_t) {
        state.withLock { state in
            state.pid = pid
            if state.isKilled { Glibc.kill(-pid, SIGKILL) }
        }
    }

    /// From now on its number may mean another process.
    func finish() { state.withLock { $0.pid = nil } }

    func kill() {
        state.withLock { state in
            state.isKilled = true
            if let pid = state.pid { Glibc.kill(-pid, SIGKILL) }
        }
    }
}
