public import CurfewDrivers
public import CurfewModel

extension SudoBackend {
    /// Uses of the grant's commands by its account while it was in place, from sudo's log. "Not used" is said only when
    /// the log was there all the time; the arguments that a person chose are not repeated, since they may hold secrets.
    public func evidence(_ id: GrantID) async throws -> AccessEvidence {
        guard let log = configuration.log else { return AccessEvidence(used: nil) }
        guard let trace = known(of: id).trace else {
            return AccessEvidence(used: nil, lines: ["nothing is kept of this grant, so sudo's log cannot be searched"])
        }
        let (entries, isWhole) = SudoLog.entries(log, from: trace.logStart, to: trace.logEnd)
        let patterns = trace.patterns
        let lines = entries.compactMap { entry -> String? in
            guard entry.user == trace.account, !entry.isRefused else { return nil }
            for command in entry.commands {
                if let pattern = patterns.first(where: { $0.allows(command) }) {
                    return
                        "\(entry.when) \(entry.user) ran \(shown(pattern, command))\(entry.terminal.map { " on \($0)" } ?? "")"
                        .prefix(400).description.escapingControls
                }
            }
            return nil
        }
        if lines.isEmpty {
            return isWhole
                ? AccessEvidence(used: false)
                : AccessEvidence(used: nil, lines: ["\(log.escapingControls) does not reach back over the whole time"])
        }
        guard lines.count > 20 else { return AccessEvidence(used: true, lines: lines) }
        return AccessEvidence(used: true, lines: lines.prefix(19) + ["and \(lines.count - 19) more"])
    }

    private func shown(_ pattern: CommandPattern, _ command: String) -> String {
        let parts = command.split(separator: " ", maxSplits: 1)
        if pattern.arguments != nil || parts.count < 2 { return pattern.isAll ? command : pattern.text }
        return "\(parts[0]) …"
    }
}
