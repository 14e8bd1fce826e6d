public import CurfewDrivers
public import CurfewModel
import CurfewSystem

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
        let own = entries.filter { $0.user == trace.account && !$0.isRefused && !$0.isEnd }
        var unclear: [String] = []
        var lines = own.compactMap { entry -> String? in
            for command in entry.commands {
                // As it was written, or as it was meant: sudo quotes what it writes down.
                if let pattern = patterns.first(where: { $0.allows(command) || $0.allows(SudoLog.unquoted(command)) }) {
                    return
                        "\(entry.when) \(entry.user) ran \(shown(pattern, command))\(entry.terminal.map { " on \($0)" } ?? "")"
                        .prefix(400).description.escapingControls
                }
            }
            // By another way to the same program, or by somebody else's rule: nobody can tell.
            let program = entry.commands.first?.split(separator: " ").first ?? "a command that cannot be read"
            unclear.append(
                "\(entry.when) \(entry.user) ran \(program), perhaps under this grant".prefix(200).description.escapingControls)
            return nil
        }
        if let unknown = unfinished(id) { lines.append("unknown whether all has ended: \(unknown)") }
        if lines.isEmpty, !unclear.isEmpty { return AccessEvidence(used: nil, lines: Array(unclear.suffix(20))) }
        if TrustedPath.problem(log, as: .file) != nil {
            return AccessEvidence(
                used: nil, lines: Array((["others can write to the log \(log.escapingControls)"] + lines).prefix(20)))
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
