import CLauncher
import Foundation
import Glibc
import Synchronization

/// Notices the end of processes within milliseconds, whether they are our children or not: one thread that sleeps in
/// `poll` on a pidfd for each.
///
/// The thread lives until ``stop()``, so that it may also start programs that die with the thread that started them.
final class ExitWatcher: Sendable {
    private struct State {
        var watches: [UInt64: (descriptor: Descriptor, action: @Sendable () -> Void)] = [:]
        var jobs: [@Sendable () -> Void] = []
        var next: UInt64 = 0
        var stopped = false
    }
    private let state = Mutex(State())
    private let bell: (hear: Descriptor, ring: Descriptor)

    /// Starts the thread.
    init(_ label: String) throws {
        var ends: [Int32] = [-1, -1]
        guard curfew_pipe(&ends) == 0 else { throw failure("watch processes of", label, errno) }
        bell = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
        let thread = Thread { [self] in watch() }
        thread.name = label
        thread.stackSize = 512 << 10
        thread.start()
    }

    /// Ends the thread; nothing is noticed any more.
    func stop() {
        state.withLock { $0.stopped = true }
        ring()
    }

    /// Calls `action` once, on the watcher's thread, when the process ends (at once when it has ended).
    @discardableResult
    func onExit(of process: Descriptor, _ action: @escaping @Sendable () -> Void) -> UInt64 {
        let id = state.withLock { state in
            state.next += 1
            state.watches[state.next] = (process, action)
            return state.next
        }
        ring()
        return id
    }

    /// Takes back what ``onExit(of:_:)`` asked for.
    func forget(_ id: UInt64) {
        state.withLock { _ = $0.watches.removeValue(forKey: id) }
        ring()
    }

    /// Runs `job` on the watcher's thread. It must be short. Dropped after ``stop()``.
    func perform(_ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(job) }
        ring()
    }

    /// Waits for the end of a process, at most `limit`; the answer says whether it has ended.
    func exit(of process: Descriptor, within limit: Duration) async -> Bool {
        let (answers, answer) = AsyncStream.makeStream(of: Bool.self)
        let id = onExit(of: process) { answer.yield(true) }
        let timer = Task {
            try? await Task.sleep(for: limit)
            answer.yield(false)
        }
        defer {
            timer.cancel()
            forget(id)
        }
        for await ended in answers { return ended }
        return false
    }

    private func ring() { _ = write(bell.ring.number, "!", 1) }

    private func watch() {
        var scratch = [UInt8](repeating: 0, count: 256)
        while true {
            let watches = state.withLock { $0.stopped ? nil : $0.watches }
            guard let watches else { return }
            let ids = Array(watches.keys)
            var polls = [pollfd(fd: bell.hear.number, events: Int16(POLLIN), revents: 0)]
            polls += ids.map { pollfd(fd: watches[$0]?.descriptor.number ?? -1, events: Int16(POLLIN), revents: 0) }
            guard poll(&polls, nfds_t(polls.count), -1) >= 0 else { continue }
            while read(bell.hear.number, &scratch, scratch.count) > 0 {}
            let fired = zip(ids, polls.dropFirst()).filter { $0.1.revents != 0 }.map(\.0)
            let (jobs, actions) = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                return (jobs, fired.compactMap { state.watches.removeValue(forKey: $0)?.action })
            }
            for job in jobs { job() }
            for action in actions { action() }
        }
    }
}
