import CurfewModel
import Foundation
import Glibc

/// The sessions of logins: the server processes that hold their connections, and everything that was started under them.
struct SessionCutter {
    /// One process, told apart from a later one with the same number by the time of its start.
    struct Mark: Hashable {
        var pid: pid_t
        var started: String
    }

    /// How long a session may take to end by itself.
    private static let patience = Duration.seconds(2)
    private let processes: [pid_t: ProcessFacts]

    /// Looks at the machine once.
    /// - Parameter logins: nothing is looked at when there are none.
    init(for logins: [Login]) {
        processes = logins.isEmpty ? [:] : ProcessFacts.all()
    }

    /// What belongs to these logins; empty when their sessions are over.
    func victims(of logins: [Login]) -> Set<Mark> {
        guard !logins.isEmpty else { return [] }
        var victims: Set<pid_t> = []
        let sockets = ProcessFacts.sockets(of: Set(logins.map(\.endpoint)))
        if !sockets.isEmpty {
            for pid in processes.keys where ProcessFacts.isServer(pid) && ProcessFacts.holds(pid, anyOf: sockets) {
                victims.insert(pid)
            }
        }
        victims.formUnion(detached(from: logins))
        var isGrowing = !victims.isEmpty
        while isGrowing {
            isGrowing = false
            for (pid, facts) in processes where !victims.contains(pid) {
                // Children, and those whose session was opened by one of them: a child that lost its parent stays in it.
                guard victims.contains(facts.parent) || victims.contains(facts.session) else { continue }
                victims.insert(pid)
                isGrowing = true
            }
        }
        victims.remove(getpid())
        victims.remove(1)
        return Set(victims.compactMap { pid in processes[pid].map { Mark(pid: pid, started: $0.started) } })
    }

    /// Processes that left the session (`nohup`, `setsid`): they keep the connection's address in their environment. Only
    /// of the account that logged in and never of root, whose processes may be services that were merely restarted.
    private func detached(from logins: [Login]) -> [pid_t] {
        var wanted: [uid_t: Set<String>] = [:]
        for login in logins {
            guard let user = getpwnam(login.user)?.pointee.pw_uid, user != 0 else { continue }
            wanted[user, default: []].insert(login.endpoint)
        }
        guard !wanted.isEmpty else { return [] }
        return processes.keys.filter { pid in
            guard let endpoints = ProcessFacts.user(pid).flatMap({ wanted[$0] }),
                let connection = ProcessFacts.connection(pid)
            else { return false }
            return endpoints.contains(connection)
        }
    }

    /// Ends the sessions of these logins: politely, then for good. Blocks for at most some seconds.
    static func cut(_ logins: [Login]) {
        guard !logins.isEmpty else { return }
        // Again, since a process may start another between the look and the signal.
        for _ in 0..<3 {
            let victims = SessionCutter(for: logins).victims(of: logins)
            guard !victims.isEmpty else { return }
            for mark in victims where ProcessFacts.isRunning(mark) { kill(mark.pid, SIGHUP) }
            for mark in victims where ProcessFacts.isRunning(mark) { kill(mark.pid, SIGTERM) }
            let end = ContinuousClock.now + patience
            while ContinuousClock.now < end, victims.contains(where: ProcessFacts.isRunning) {
                var pause = timespec(tv_sec: 0, tv_nsec: 5_000_000)
                nanosleep(&pause, nil)
            }
            for mark in victims where ProcessFacts.isRunning(mark) { kill(mark.pid, SIGKILL) }
        }
    }
}
