import CurfewModel
import Foundation

/// Who wants to run what where, with a signature over all of it. Hostile until it has been checked.
public struct ExecRequest: Codable, Sendable, Hashable {
    /// Of the protocol.
    public var version: Int
    /// The grant's name.
    public var grant: String
    /// The workload's name.
    public var workload: String
    /// One of its instances; `nil` = a healthy one.
    public var instance: String?
    /// The argument vector.
    public var command: [String]
    /// The person's terminal; `nil` = plain pipes.
    public var terminal: ExecSize?
    /// What the person's terminal is called: `xterm-256color`.
    public var term: String
    /// The public key, `type body`.
    public var key: String
    /// An armoured SSH signature of ``signedText(challenge:)`` for ``namespace``.
    public var signature: String

    /// What the signature has to be made for, so that no other signature of the key can be used here, nor this one elsewhere.
    public static let namespace = "curfew-exec@curfew"

    /// Makes a request that is still to be signed.
    public init(
        grant: String, workload: String, instance: String? = nil, command: [String], terminal: ExecSize? = nil,
        term: String = "", key: String, signature: String = ""
    ) {
        (version, self.grant, self.workload, self.instance) = (ExecHello.version, grant, workload, instance)
        (self.command, self.terminal, self.term) = (command, terminal, term)
        (self.key, self.signature) = (key, signature)
    }

    /// What is signed: every field behind its length, so that no two requests have the same text.
    public func signedText(challenge: String) -> String {
        var text = ""
        func add(_ name: String, _ value: String?) {
            text += name
            if let value { text += " \(value.utf8.count) \(value)\n" } else { text += " -\n" }
        }
        add("curfew-exec", "\(version)")
        add("challenge", challenge)
        add("grant", grant)
        add("workload", workload)
        add("instance", instance)
        add("terminal", terminal.map { "\($0.columns)x\($0.rows)" })
        add("term", term)
        add("key", key)
        add("command", "\(command.count)")
        for word in command { add("word", word) }
        return text
    }

    /// What makes it unusable whoever sends it; `nil` when nothing does. Says nothing about any grant.
    var problem: String? {
        guard version == ExecHello.version else {
            return "version \(version) of the protocol is not known here; use the curfew of this service"
        }
        guard Name(grant) != nil else { return "that is no name of a grant" }
        guard Name(workload) != nil else { return "that is no name of a workload" }
        guard instance.map({ InstanceID($0) != nil }) ?? true else { return "that is no instance's id" }
        guard (1...256).contains(command.count), let program = command.first, !program.isEmpty,
            command.allSatisfy({ !$0.utf8.contains(0) }), command.reduce(0, { $0 + $1.utf8.count }) <= 16 << 10
        else { return "a command has 1 to 256 words of together at most 16 KiB, without NUL" }
        guard terminal?.isPossible ?? true else { return "a terminal has 1 to 65535 columns and rows" }
        guard term.utf8.count <= 64, term.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) else {
            return "TERM has at most 64 plain characters"
        }
        guard SSHPublicKey(key)?.line == key else { return "that is no public SSH key" }
        guard signature.utf8.count <= 16 << 10, signature.hasPrefix("-----BEGIN SSH SIGNATURE-----\n"),
            signature.hasSuffix("-----END SSH SIGNATURE-----\n")
        else { return "that is no SSH signature" }
        return nil
    }
}
