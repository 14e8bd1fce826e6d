internal import CProcess
import Dispatch
import Glibc

/// A process that was just started here and has to be waited for.
struct Child {
    let pid: pid_t
    /// How long a killed process may take to be gone. Longer only when the kernel holds it, on a dead disk.
    private static let patience = Duration.seconds(1)

    /// How it ended; `nil` when it did not within `limit`: then it and its process group are killed.
    /// - Parameter willReap: called before its number can mean another process.
    func wait(within limit: Duration, willReap: () -> Void = {}) -> Program.Result.Status? {
        // Until it is waited for, its number cannot mean another process.
        let descriptor = curfew_pidfd_open(pid)
        defer { if descriptor >= 0 { close(descriptor) } }
        if hasEnded(descriptor, within: limit) {
            willReap()
            return reap()
        }
        willReap()
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
        if hasEnded(descriptor, within: Self.patience) {
            _ = reap()
        } else {
            let pid = pid
            DispatchQueue(label: "curfew.reaper").async { _ = Child(pid: pid).reap() }
        }
        return nil
    }

    private func hasEnded(_ descriptor: Int32, within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero else { return isZombie() }
            let milliseconds = min(left / .milliseconds(1), 60_000).rounded(.up)
            if descriptor >= 0 {
                var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&wanted, 1, Int32(milliseconds)) > 0 { return true }
            } else {
                // No descriptor to be had: asked every 5 ms.
                if isZombie() { return true }
                _ = poll(nil, 0, Int32(min(5, milliseconds)))
            }
        }
    }

    /// Whether it has ended; it stays to be waited for.
    private func isZombie() -> Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
    }

    private func reap() -> Program.Result.Status {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    }
}
