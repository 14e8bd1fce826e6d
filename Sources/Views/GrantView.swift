/// A grant that is not over and off the branch.
public struct GrantView: Sendable, Encodable, Hashable {
    public var name: String
    /// The blob of its file: another content is another grant.
    public var blob: String
    public var person: String?
    public var role: String?
    /// `pending`, `scheduled`, `starting`, `active`, `ending`, `ended` or `refused`.
    public var state: String
    public var start: String?
    public var end: String?
    public var reasons: [String]
    public var approvedBy: [String]
    public var backends: [String]
    /// What it was asked for; hostile text.
    public var reason: String?
    /// Workloads that are replaced when it ends.
    public var touches: [String]
    /// Backends whose targets end it by themselves, whatever becomes of Curfew.
    public var selfEnding: [String]

    public init(
        name: String, blob: String, person: String?, role: String?, state: String, start: String?, end: String?,
        reasons: [String], approvedBy: [String], backends: [String], reason: String? = nil, touches: [String] = [],
        selfEnding: [String] = []
    ) {
        (self.reason, self.touches, self.selfEnding) = (reason, touches, selfEnding)
        (self.name, self.blob, self.person, self.role, self.state) = (name, blob, person, role, state)
        (self.start, self.end, self.reasons) = (start, end, reasons)
        (self.approvedBy, self.backends) = (approvedBy, backends)
    }
}
