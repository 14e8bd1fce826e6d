import CurfewModel
import Glibc

/// A process of sudo's and what it was called for.
struct RunningCommand: Hashable, Sendable {
    var mark: ProcessMark
    /// Who called it: sudo keeps the real user of its caller, and nobody but root can take another.
    var user: uid_t
    /// What sudo says that it runs, in the environment of the command; `nil` when it runs nothing yet, or the command
    /// threw its environment away.
    var command: String?
    /// sudo's own argument vector.
    var words: [String]

    /// Whether it was called for this command.
    func isRun(of pattern: CommandPattern) -> Bool {
        command.map(pattern.allows) == true || pattern.isAskedFor(in: words)
    }

    /// Those that were called by one of `users`, without those that this very process runs under.
    static func all(of users: Set<uid_t>, in table: [Int32: ProcessTable.Entry]) -> [RunningCommand] {
        guard !users.isEmpty else { return [] }
        var above: Set<Int32> = []
        var next = getpid()
        while next > 0, above.insert(next).inserted { next = table[next]?.parent ?? 0 }
        var children: [Int32: [Int32]] = [:]
        for entry in table.values { children[entry.parent, default: []].append(entry.mark.pid) }
        return table.values.compactMap { entry in
            let pid = entry.mark.pid
            guard !entry.isDead, !above.contains(pid), let user = caller(pid), users.contains(user) else { return nil }
            let running = RunningCommand(
                mark: entry.mark, user: user, command: command(below: pid, of: user, children),
                words: ProcessTable.words(of: pid))
            // Read again: what was read belongs to one process if it is still the same one.
            return ProcessTable.isAlive(entry.mark) ? running : nil
        }
    }

    /// Who called it, if it is sudo. The program's file tells, since anybody can give a process another name.
    private static func caller(_ pid: Int32) -> uid_t? {
        guard let users = ProcessTable.users(of: pid), users.effective == 0, users.real != 0,
            ProcessTable.program(of: pid)?.hasSuffix("/sudo") == true
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
                let variables = ProcessTable.variables(of: child, beginningWith: "SUDO_")
                if variables["SUDO_UID"] == "\(user)", let command = variables["SUDO_COMMAND"] { return command }
            }
        }
        return nil
    }
}

/// What one grant let somebody run, and from when to when.
struct Claim: Sendable {
    var grant: GrantID
    var user: uid_t
    var commands: [CommandPattern]
    var placed: BootMoment
    var removed: BootMoment?

    /// Whether the command may have been run under this grant.
    func covers(_ running: RunningCommand, boot: String) -> Bool {
        guard running.user == user, placed.isBefore(running.mark.started, of: boot) else { return false }
        if let removed, removed.boot != boot || removed.ticks < running.mark.started { return false }
        return commands.contains { running.isRun(of: $0) }
    }

    init?(_ dropIn: DropIn) {
        guard let user = Accounts.user(of: dropIn.account), user != 0 else { return nil }
        (grant, self.user, commands, placed) = (dropIn.grant, user, dropIn.commands, dropIn.placed)
    }

    init?(_ trace: Trace) {
        guard let user = Accounts.user(of: trace.account), user != 0 else { return nil }
        (grant, self.user, commands) = (trace.grant, user, trace.patterns)
        (placed, removed) = (trace.placed, trace.removed)
    }
}
