/// Everything that `policies/` of one revision says, with references checked.
public struct PolicySet: Sendable, Equatable {
    /// The tree of `policies/`; `nil` when there is none.
    public var tree: ObjectID?
    public var persons: [Name: Person]
    public var teams: [Name: Team]
    public var roles: [Name: Role]
    public var accessPolicies: [Name: AccessPolicy]
    public var changePolicies: [Name: ChangePolicy]
    private var personBySigningKey: [SSHPublicKey: Name]
    private var personByEmail: [String: Name]

    /// Makes a set. Keys or addresses that two persons share belong to neither (loading refuses them anyway).
    public init(
        tree: ObjectID? = nil, persons: [Person] = [], teams: [Team] = [], roles: [Role] = [],
        accessPolicies: [AccessPolicy] = [], changePolicies: [ChangePolicy] = []
    ) {
        self.tree = tree
        self.persons = Dictionary(persons.map { ($0.name, $0) }) { first, _ in first }
        self.teams = Dictionary(teams.map { ($0.name, $0) }) { first, _ in first }
        self.roles = Dictionary(roles.map { ($0.name, $0) }) { first, _ in first }
        self.accessPolicies = Dictionary(accessPolicies.map { ($0.name, $0) }) { first, _ in first }
        self.changePolicies = Dictionary(changePolicies.map { ($0.name, $0) }) { first, _ in first }
        personBySigningKey = Self.unique(persons.flatMap { person in person.signingKeys.map { ($0.key, person.name) } })
        personByEmail = Self.unique(persons.flatMap { person in person.emails.map { ($0.lowercased(), person.name) } })
    }

    private static func unique<Key: Hashable>(_ pairs: [(Key, Name)]) -> [Key: Name] {
        var result: [Key: Name] = [:]
        var shared: Set<Key> = []
        for (key, name) in pairs {
            if let other = result[key], other != name { shared.insert(key) }
            result[key] = name
        }
        for key in shared { result[key] = nil }
        return result
    }

    /// Whose signing key this is, whether it counts just now or not.
    public func person(signingWith key: SSHPublicKey) -> Person? { personBySigningKey[key].flatMap { persons[$0] } }

    /// Whose address this is; case does not matter.
    public func person(withEmail email: String) -> Person? { personByEmail[email.lowercased()].flatMap { persons[$0] } }

    /// Everybody who is one of `subjects` or in one of their teams, however deep. Each person once.
    public func members(of subjects: [Subject]) -> Set<Name> {
        var people: Set<Name> = []
        var seen: Set<Name> = []
        var rest = subjects
        while let subject = rest.popLast() {
            switch subject {
            case .person(let name): if persons[name] != nil { people.insert(name) }
            case .team(let name):
                if seen.insert(name).inserted, let team = teams[name] { rest += team.members }
            }
        }
        return people
    }
}
