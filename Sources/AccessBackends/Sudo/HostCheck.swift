import CurfewSystem

/// Whether a rule can be given on this very host: its accounts and programs are there, and nobody but root can replace them.
enum HostCheck {
    static func problems(_ account: String, _ commands: [CommandPattern], _ runAs: String) -> [String] {
        var problems: [String] = []
        if Accounts.user(of: account) == nil {
            problems.append("there is no account '\(account)' on this host; create it, or set accounts.unix of the Person")
        }
        if Accounts.user(of: runAs) == nil {
            problems.append("there is no account '\(runAs)' on this host to run as; create it, or change runAs of the Role")
        }
        for command in commands where !command.isAll {
            if let problem = TrustedPath.problem(command.path, as: .program) { problems.append("command: \(problem)") }
        }
        return problems
    }
}
