public import CurfewModel

/// Where access is given: sshd, sudo, a database. Small on purpose.
///
/// Everything is level-triggered and idempotent: giving what is given, and ending what is ended, succeeds. A process may
/// die between any two calls; the next ``observe()`` tells what became of it.
///
/// Only ``give(_:)`` may need what can keep somebody waiting, such as a key in an agent or a token. Every other call answers
/// within a bound while a `give` waits, and every program that is run has a deadline, at which it is killed.
public protocol AccessBackend: Sendable {
    /// The name in the service's configuration.
    var name: Name { get }
    /// What it can do.
    var capabilities: AccessCapabilities { get }

    /// What is wrong with these settings for this person; empty when they can be given. Pure: nothing is asked or changed.
    func problems(with settings: [String: Setting], for person: Person) -> [String]

    /// Makes access real, with the target's own end at ``AccessOrder/end`` where it can. Never gives anything after that
    /// moment, and never lengthens what is there.
    /// - Returns: what the person needs to use it, the same for the same order.
    /// - Throws: ``DriverError``; then nothing is given, or what is given still ends at ``AccessOrder/end``.
    func give(_ order: AccessOrder) async throws -> [Credential]

    /// Ends these grants here: revokes them and cuts their live sessions. Many at once, since they share files.
    /// Also asked of a backend that could not be made ready, and beside other calls that have not come back.
    /// Ids that nobody knows are ended already. A revocation outlives the loss of the state folder as long as the access
    /// could still be used.
    /// - Throws: ``DriverError`` when one of them could not be ended; the others are.
    func end(_ ids: [GrantID]) async throws

    /// Tries to use what was given, or asks the target; the answer for each id. Used to prove that access is gone.
    func probe(_ ids: [GrantID]) async throws -> [GrantID: AccessProbe]

    /// Everything that is there, ours or not, alive or ended and not yet cleared away. What was damaged or lost of what the
    /// target needs to refuse access is written again.
    func observe() async throws -> [ObservedAccess]

    /// What was repaired since this was asked last, and what is wrong now.
    func report() async -> AccessReport

    /// Whether and when this grant was used, as the target's own log tells.
    func evidence(_ id: GrantID) async throws -> AccessEvidence

    /// Removes access that Curfew did not give, as told by ``observe()``.
    func removeForeign(_ access: ObservedAccess) async throws

    /// What other hosts have to know just now, as plain files; goes signed to `refs/curfew/hosts/<name>`. `nil` = nothing.
    func published() async throws -> [String: [UInt8]]?
}

extension AccessBackend {
    /// Most backends have no hosts that fetch from Git.
    public func published() async throws -> [String: [UInt8]]? { nil }

    /// Nothing was repaired, and nothing is wrong.
    public func report() async -> AccessReport { AccessReport() }
}

/// What a backend can do.
public struct AccessCapabilities: Sendable, Hashable {
    /// The target ends the access by itself at its time, whatever becomes of Curfew.
    public var selfExpiring: Bool
    /// It can end sessions that are open.
    public var cutsSessions: Bool
    /// It can tell whether somebody went in.
    public var tellsUse: Bool
    /// What stays open when Curfew is dead, for people; empty when nothing does.
    public var caveat: String

    /// Makes capabilities.
    public init(selfExpiring: Bool, cutsSessions: Bool, tellsUse: Bool, caveat: String = "") {
        (self.selfExpiring, self.cutsSessions, self.tellsUse, self.caveat) = (selfExpiring, cutsSessions, tellsUse, caveat)
    }
}

/// One right to be given to one person for one grant.
public struct AccessOrder: Sendable, Hashable {
    /// The grant.
    public var id: GrantID
    /// Who gets it.
    public var person: Person
    /// The role's words for this backend, checked by ``AccessBackend/problems(with:for:)``.
    public var settings: [String: Setting]
    /// First moment.
    public var start: Instant
    /// First moment after it.
    public var end: Instant
    /// Why, one line; hostile text.
    public var reason: String

    /// Makes an order.
    public init(id: GrantID, person: Person, settings: [String: Setting], start: Instant, end: Instant, reason: String) {
        (self.id, self.person, self.settings) = (id, person, settings)
        (self.start, self.end, self.reason) = (start, end, reason)
    }
}

/// Something that a person needs to use their access.
public struct Credential: Sendable, Hashable, Codable {
    /// A plain file name (`a-z`, `0-9`, `-`, `.`), unique in its grant: `bastion-1-cert.pub`.
    public var file: String
    /// Its bytes.
    public var content: [UInt8]
    /// Whether it has to be encrypted to the person's key.
    public var isSecret: Bool
    /// What to do with it, for people: a command line or a sentence.
    public var hint: String
    /// Makes a credential.
    public init(file: String, content: [UInt8], isSecret: Bool, hint: String) {
        (self.file, self.content, self.isSecret, self.hint) = (file, content, isSecret, hint)
    }
}

/// Access as the target shows it.
public struct ObservedAccess: Sendable, Hashable {
    /// The grant it belongs to; `nil` = Curfew did not give it.
    public var grant: GrantID?
    /// What it is called there: a file name, a serial, a role.
    public var subject: String
    /// When it ends by itself; `nil` = never, or not known.
    public var end: Instant?
    /// Whether it is revoked already.
    public var isRevoked: Bool
    /// What was seen, in words.
    public var detail: String
    /// Makes an observation.
    public init(grant: GrantID?, subject: String, end: Instant?, isRevoked: Bool = false, detail: String = "") {
        (self.grant, self.subject, self.end, self.isRevoked, self.detail) = (grant, subject, end, isRevoked, detail)
    }
}

/// What trying to use access showed.
public enum AccessProbe: Sendable, Hashable {
    /// It is gone, and how that was seen.
    case gone(String)
    /// It still works, and how that was seen.
    case alive(String)
}

/// What the target's own log tells of a grant's use.
public struct AccessEvidence: Sendable, Hashable, Codable {
    /// `true` = somebody went in; `nil` = nobody can tell.
    public var used: Bool?
    /// Lines for the revert's message: when, from where, what. At most 20, no control characters, no secret.
    public var lines: [String]
    /// Makes evidence.
    public init(used: Bool?, lines: [String] = []) { (self.used, self.lines) = (used, lines) }
}

/// What a backend says of itself.
public struct AccessReport: Sendable, Hashable {
    /// What it repaired, a sentence each: for the journal.
    public var repairs: [String]
    /// What is wrong until somebody does something, a sentence each with what to do.
    public var problems: [String]
    /// Makes a report.
    public init(repairs: [String] = [], problems: [String] = []) { (self.repairs, self.problems) = (repairs, problems) }
}
