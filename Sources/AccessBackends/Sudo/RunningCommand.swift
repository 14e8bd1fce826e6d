import CurfewModel
import CurfewSystem
import Glibc

/// A process that sudo started for somebody, or sudo itself.
struct RunningCommand: Hashable, Sendable {
    var process: ProcessID
    /// Who called sudo. sudo keeps the real user of its caller, and nobody but root can take another.
    var user: uid_t
    /// What sudo says that it runs, in the environment of the command; `nil` when it runs nothing yet, or the command
    /// threw its environment away.
    var command: String?
    /// Its own argument vector.
    var words: [String]
    /// Its sudo is not there any more: whoever calls sudo can kill it.
    var isOrphan = false

    /// Whether it was called for this command.
    func isRun(of pattern: CommandPattern) -> Bool {
        command.map(pattern.allows) == true || pattern.isAskedFor(in: isOrphan ? ["sudo"] + words : words)
    }

    /// Those that were called by one of `users`, without those that this very process runs under.
    static func all(of users: Set<uid_t>, in table: [Int32: ProcessFacts]) -> [RunningCommand] {
        guard !users.isEmpty else { return [] }
        var above: Set<Int32> = []
        var next = getpid()
        while next > 0, above.insert(next).inserted { next = table[next]?.parent ?? 0 }
        var children: [Int32: [Int32]] = [:]
        for facts in table.values { children[facts.parent, default: []].append(facts.id.pid) }
        var found: [RunningCommand] = table.values.compactMap { facts in
            let pid = facts.id.pid
            guard !above.contains(pid), let user = caller(pid), users.contains(user) else { return nil }
            return RunningCommand(
                process: facts.id, user: user, command: command(below: pid, of: user, children),
                words: Processes.arguments(of: pid))
        }
        let covered = Processes.below(Set(found.map(\.process.pid)), in: table)
        for facts in table.values where !covered.contains(facts.id.pid) && !above.contains(facts.id.pid) {
            if let orphan = orphan(facts, of: users, in: table) { found.append(orphan) }
        }
        // Read again: what was read belongs to one process if it is still the same one.
        return found.filter(\.process.isAlive)
    }

    /// A process that sudo started for one of `users` and that has no sudo above it any more: sudo's own variables tell, else
    /// the login that it belongs to, which not even root takes off by chance.
    private static func orphan(_ facts: ProcessFacts, of users: Set<uid_t>, in table: [Int32: ProcessFacts]) -> RunningCommand?
    {
        let pid = facts.id.pid
        guard let owner = Processes.users(of: pid), !users.contains(owner.real) || owner.effective != owner.real,
            caller(pid) == nil, !isService(pid)
        else { return nil }
        let variables = Processes.environment(of: pid)
        if let user = variables["SUDO_UID"].flatMap({ uid_t($0) }) {
            guard users.contains(user), let command = variables["SUDO_COMMAND"] else { return nil }
            let words = Processes.arguments(of: pid)
            if isServiceControl(command), !words.joined(separator: " ").hasSuffix(command) { return nil }
            return RunningCommand(process: facts.id, user: user, command: command, words: words, isOrphan: true)
        }
        guard let user = Processes.loginUser(of: pid) ?? sessionUser(facts, in: table), users.contains(user) else { return nil }
        // What is below su, a login or cron has no sudo either; only what lost its parent has lost a sudo.
        var above: Int32? = pid
        var steps = 0
        while let here = above, here > 1, steps < 4096 {
            guard !isLogin(here) else { return nil }
            (above, steps) = (table[here]?.parent, steps + 1)
        }
        return RunningCommand(process: facts.id, user: user, command: nil, words: Processes.arguments(of: pid), isOrphan: true)
    }

    /// Whose the process is that opened its Unix session: a command without a terminal of its own stays in its caller's.
    private static func sessionUser(_ facts: ProcessFacts, in table: [Int32: ProcessFacts]) -> uid_t? {
        guard facts.session > 1, facts.session != facts.id.pid, table[facts.session] != nil else { return nil }
        return Processes.users(of: facts.session)?.real
    }

    /// sshd, login and su serve somebody's login without being started by their sudo.
    private static func isLogin(_ pid: Int32) -> Bool {
        let name = Processes.program(of: pid)?.split(separator: "/").last ?? ""
        return ["sshd", "sshd-session", "login", "su", "sudo", "runuser", "setpriv", "systemd", "cron"].contains(name)
    }

    /// Whether systemd runs it as a service of the system: sudo's commands are never below that.
    private static func isService(_ pid: Int32) -> Bool {
        Processes.controlGroups(of: pid).contains {
            $0.contains("/system.slice/") && $0.contains(".service") && !$0.contains("/ssh") && !$0.contains("/cron")
        }
    }

    /// Whether it was called to start or stop a service, which is not the command and goes on.
    var isServiceControl: Bool { command.map(Self.isServiceControl) ?? false }

    private static func isServiceControl(_ command: String) -> Bool {
        let program = command.split(separator: " ").first ?? ""
        let controls = ["service", "systemctl", "invoke-rc.d", "rc-service", "start-stop-daemon", "sv", "supervisorctl"]
        return program.hasPrefix("/etc/init.d/") || controls.contains(String(program.split(separator: "/").last ?? ""))
    }

    /// Who called it, if it is sudo. The program's file tells, since anybody can give a process another name.
    private static func caller(_ pid: Int32) -> uid_t? {
        guard let users = Processes.users(of: pid), users.effective == 0, users.real != 0,
            Processes.program(of: pid)?.hasSuffix("/sudo") == true
        else { return nil }
        return users.real
    }

    /// With a terminal sudo puts a monitor, itself again, between itself and the command. The monitor's environment is
    /// its caller's and is not asked.
    private static func command(below pid: Int32, of user: uid_t, _ children: [Int32: [Int32]]) -> String? {
        for child in children[pid] ?? [] {
            if caller(child) == user {
                if let found = command(below: child, of: user, children) { return found }
            } else {
                let variables = Processes.environment(of: child)
                if variables["SUDO_UID"] == "\(user)", let command = variables["SUDO_COMMAND"] { return command }
            }
        }
        return nil
    }
}
