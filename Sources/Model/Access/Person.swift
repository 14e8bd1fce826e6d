/// Who somebody is: the addresses they commit with and the keys they sign and log in with.
public struct Person: Hashable, Sendable {
    /// Unique name.
    public var name: Name
    /// Addresses that commits of theirs may carry, in lower case; no two persons share one.
    public var emails: [String]
    /// Keys that sign commits and approvals; no two persons share one.
    public var signingKeys: [PersonKey]
    /// Keys that certificates are made for and credentials are encrypted to.
    public var loginKeys: [SSHPublicKey]
    /// Names of accounts elsewhere: `github: alice`, `unix: alice`.
    public var accounts: [String: String]

    /// Makes a person.
    public init(
        name: Name, emails: [String], signingKeys: [PersonKey] = [], loginKeys: [SSHPublicKey] = [],
        accounts: [String: String] = [:]
    ) {
        (self.name, self.emails, self.signingKeys) = (name, emails, signingKeys)
        (self.loginKeys, self.accounts) = (loginKeys, accounts)
    }
}

/// A signing key and the time in which it counts, judged by Curfew's own clock when it first sees a signature.
public struct PersonKey: Hashable, Sendable {
    /// The key.
    public var key: SSHPublicKey
    /// The first moment at which it counts; `nil` = always.
    public var validFrom: Instant?
    /// The first moment at which it does not count any more; `nil` = always.
    public var validUntil: Instant?

    /// Makes a key.
    public init(_ key: SSHPublicKey, validFrom: Instant? = nil, validUntil: Instant? = nil) {
        (self.key, self.validFrom, self.validUntil) = (key, validFrom, validUntil)
    }

    /// Whether it counts at `now`.
    public func isValid(at now: Instant) -> Bool {
        (validFrom.map { $0 <= now } ?? true) && (validUntil.map { now < $0 } ?? true)
    }
}

/// A person or a team, as policies name them: `alice`, `team:oncall`.
public enum Subject: Hashable, Sendable, Comparable, CustomStringConvertible {
    case person(Name)
    case team(Name)

    /// Reads `alice` or `team:oncall`; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("team:") {
            guard let name = Name(String(text.dropFirst(5))) else { return nil }
            self = .team(name)
        } else {
            guard let name = Name(text) else { return nil }
            self = .person(name)
        }
    }

    public var description: String {
        switch self {
        case .person(let name): name.rawValue
        case .team(let name): "team:\(name)"
        }
    }

    public static func < (left: Subject, right: Subject) -> Bool { left.description < right.description }
}

/// Persons and other teams under one name. Cycles are refused when a revision is loaded.
public struct Team: Hashable, Sendable {
    /// Unique name.
    public var name: Name
    /// Who is in it.
    public var members: [Subject]
    /// Makes a team.
    public init(name: Name, members: [Subject]) { (self.name, self.members) = (name, members) }
}
