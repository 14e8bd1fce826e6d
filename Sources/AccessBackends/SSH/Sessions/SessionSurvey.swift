import CurfewModel
import CurfewSystem
import Glibc

/// Which processes belong to the logins of grants that are to end.
struct SessionSurvey {
    /// A login that is over or to be ended.
    struct Ended: Sendable {
        var user: String
        var endpoint: String
        var session: ProcessID?
        var audit: Set<UInt32>
        var scopes: Set<String>
        /// Nothing that runs under it began before.
        var after: UInt64
    }

    /// To be ended.
    private(set) var members: Set<ProcessID> = []
    /// May belong to them, or to somebody else who is logged in to the same account.
    private(set) var doubtful: Set<ProcessID> = []

    private let processes: [Int32: ProcessFacts]

    /// Looks at the machine once.
    /// - Parameters:
    ///   - others: logins to the same accounts that are nobody's who is to be ended.
    init(_ ended: [Ended], others: [Login], user: (String) -> uid_t? = Accounts.user) {
        processes = ended.isEmpty ? [:] : Processes.all()
        guard !ended.isEmpty else { return }
        let live = LiveSession.all(in: processes)
        let own = Set(ended.compactMap(\.session))
        var roots = Set(own.filter { processes[$0.pid]?.id == $0 }.map(\.pid))
        let (audit, scopes) = (Set(ended.flatMap(\.audit)), Set(ended.flatMap(\.scopes)))
        if !audit.isEmpty || !scopes.isEmpty {
            for pid in processes.keys {
                if let number = Processes.loginSession(of: pid), audit.contains(number) { roots.insert(pid) }
                if let scope = LiveSession.scope(of: pid), scopes.contains(scope) { roots.insert(pid) }
            }
        }
        var found = Processes.below(roots, in: processes)
        // Other people's sessions, with the processes that lead to this one.
        let foreign = Processes.below(
            Set(live.filter { !own.contains($0.process) && !found.contains($0.process.pid) }.map(\.process.pid)), in: processes)
        let (detached, unsure) = Self.detached(ended, others, processes, found.union(foreign), live, user)
        found.formUnion(Processes.below(detached.subtracting(foreign), in: processes))
        found.subtract(foreign)
        for pid in found.subtracting(Self.above(getpid(), processes)) {
            if let facts = processes[pid] { members.insert(facts.id) }
        }
        for pid in unsure.subtracting(found) { if let facts = processes[pid] { doubtful.insert(facts.id) } }
    }

    /// Processes that left their session: of the account that logged in, begun after the login, and adopted by init or another
    /// process above sshd. What cron, a supervisor or a service manager runs has another parent. Never root's, whose processes
    /// may be services that were merely restarted.
    private static func detached(
        _ ended: [Ended], _ others: [Login], _ processes: [Int32: ProcessFacts], _ known: Set<Int32>, _ live: [LiveSession],
        _ user: (String) -> uid_t?
    ) -> (certain: Set<Int32>, doubtful: Set<Int32>) {
        var wanted: [uid_t: [Ended]] = [:]
        for login in ended { if let user = user(login.user), user != 0 { wanted[user, default: []].append(login) } }
        guard !wanted.isEmpty else { return ([], []) }
        var rivals: [uid_t: [Login]] = [:]
        for login in others { if let user = user(login.user) { rivals[user, default: []].append(login) } }
        var adoptive: Set<Int32> = [1]
        for pid in processes.keys where LiveSession.isServer(pid) {
            adoptive.formUnion(above(pid, processes).subtracting([pid]))
        }
        var (certain, doubtful): (Set<Int32>, Set<Int32>) = ([], [])
        for (pid, facts) in processes where !known.contains(pid) {
            guard let users = Processes.users(of: pid),
                let logins = wanted[users.real] ?? wanted[users.effective],
                let first = logins.map(\.after).min(), first <= facts.id.started,
                isAdopted(facts, of: Set([users.real, users.effective]), processes, adoptive), !isService(pid)
            else { continue }
            let connection = connection(of: pid)
            if let connection, logins.contains(where: { $0.endpoint == connection }) {
                certain.insert(pid)
                continue
            }
            let rivals = rivals[users.real] ?? []
            let started = facts.id.started
            let byLogin = rivals.contains { $0.endpoint == connection || ($0.after?.ticks ?? 0) <= started }
            let bySession = live.contains { session in
                let isOwn = ended.contains { $0.session == session.process }
                return !isOwn && session.users.contains(users.real) && session.process.started <= started
            }
            if byLogin || bySession { doubtful.insert(pid) } else { certain.insert(pid) }
        }
        return (certain, doubtful)
    }

    /// Whether the topmost process of the account above it has lost its parent. sshd opens a Unix session for each login, and no
    /// process can join another one, so that whoever shares their parent's session was started by that parent.
    private static func isAdopted(
        _ facts: ProcessFacts, of users: Set<uid_t>, _ processes: [Int32: ProcessFacts], _ adoptive: Set<Int32>
    ) -> Bool {
        var top = facts
        var steps = 0
        while let parent = processes[top.parent], steps < 4096, let owner = Processes.users(of: parent.id.pid),
            users.contains(owner.real), owner.real != 0
        {
            (top, steps) = (parent, steps + 1)
        }
        return adoptive.contains(top.parent) && processes[top.parent]?.session != top.session
    }

    /// Whether systemd runs it as a service of the system.
    private static func isService(_ pid: Int32) -> Bool {
        Processes.controlGroups(of: pid).contains {
            $0.contains("/system.slice/") && $0.contains(".service") && !$0.contains("ssh")
        }
    }

    /// `address port` of the client whose session started it, as its environment says.
    private static func connection(of pid: Int32) -> String? {
        guard let words = Processes.environment(of: pid)["SSH_CONNECTION"]?.split(separator: " "), words.count == 4 else {
            return nil
        }
        return "\(words[0].prefix { $0 != "%" }) \(words[1])"
    }

    /// A process and everything above it.
    private static func above(_ pid: Int32, _ processes: [Int32: ProcessFacts]) -> Set<Int32> {
        var result: Set<Int32> = []
        var next = pid
        while next > 0, result.insert(next).inserted { next = processes[next]?.parent ?? 0 }
        return result.union([1])
    }
}
