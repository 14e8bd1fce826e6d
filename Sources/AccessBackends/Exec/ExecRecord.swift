public import CurfewModel

/// Who may go in under one grant, until when and where: what is in place is what counts.
public struct ExecRecord: Codable, Hashable, Sendable {
    /// The grant.
    public var grant: GrantID
    /// Who.
    public var person: Name
    /// The keys of which one opens the way; those that the person had when the grant began.
    public var keys: [SSHPublicKey]
    /// The workloads whose instances may be entered.
    public var workloads: [Name]
    /// The only argument vectors that may be run; `nil` = any.
    public var commands: [[String]]?
    /// First moment.
    public var start: Instant
    /// First moment after it.
    public var end: Instant

    /// Whether it lets anybody in at `now`.
    public func isLive(at now: Instant) -> Bool { start <= now && now < end }

    /// Whether it may be run: an exact match, argument by argument.
    public func allows(_ command: [String]) -> Bool { commands?.contains(command) ?? true }

    /// A command as it may be told in Git: the arguments that a person chose are not repeated, since they may hold secrets.
    func shown(_ command: [String]) -> String {
        let text =
            commands?.contains(command) ?? false
            ? command.joined(separator: " ") : (command.first ?? "") + (command.count > 1 ? " …" : "")
        return text.prefix(120).description.escapingControls
    }
}
