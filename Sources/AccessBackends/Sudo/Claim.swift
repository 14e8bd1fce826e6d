import CurfewModel
import CurfewSystem
import Glibc

/// What one grant let somebody run, and from when to when.
struct Claim: Sendable {
    var grant: GrantID
    var user: uid_t
    var commands: [CommandPattern]
    var placed: BootTime
    var removed: BootTime?
    var runAs: uid_t?
    /// Processes that were seen under its commands.
    var members: Set<ProcessID> = []

    /// Whether the command may have been run under this grant.
    func covers(_ running: RunningCommand, boot: String) -> Bool {
        if members.contains(running.process) { return true }
        guard running.user == user, placed.isBefore(running.process.started, of: boot) else { return false }
        if let removed, removed.boot != boot || removed.ticks < running.process.started { return false }
        // Without a trace of what sudo was asked for, everything that the login runs as this account counts.
        if running.isOrphan, running.command == nil {
            guard let runAs, let owner = Processes.users(of: running.process.pid) else { return false }
            return owner.effective == runAs || owner.real == runAs
        }
        return commands.contains { running.isRun(of: $0) }
    }

    init?(_ dropIn: DropIn) {
        guard let user = Accounts.user(of: dropIn.account), user != 0 else { return nil }
        (grant, self.user, commands, placed) = (dropIn.grant, user, dropIn.commands, dropIn.placed)
        runAs = Accounts.user(of: dropIn.runAs)
    }

    init?(_ trace: Trace) {
        guard let user = Accounts.user(of: trace.account), user != 0 else { return nil }
        (grant, self.user, commands) = (trace.grant, user, trace.patterns)
        (placed, removed, members) = (trace.placed, trace.removed, Set(trace.members ?? []))
        runAs = Accounts.user(of: trace.runAs ?? "root")
    }
}
