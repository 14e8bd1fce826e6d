public import CurfewModel

/// One way in which a person may have a role.
public struct AccessChoice: Sendable, Hashable, Codable {
    /// Who.
    public var person: Name
    /// What.
    public var role: Name
    /// By which policy.
    public var policy: Name
    /// How many others have to agree.
    public var approvals: Int
    /// Who they may be, sorted; the person may be among them and does not count.
    public var from: [Name]
    /// For how long at most.
    public var maxDuration: Span
}

/// A possibility that a change of policies gives, takes or alters.
public struct AccessDifference: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Which.
    public enum Kind: String, Sendable, Codable { case gains, loses, changes }
    public var kind: Kind
    /// How it is afterwards (before, when it is lost).
    public var choice: AccessChoice
    /// How it was, when it is another one.
    public var before: AccessChoice?

    public var description: String {
        func terms(_ choice: AccessChoice) -> String {
            "at most \(choice.maxDuration), "
                + (choice.approvals == 0
                    ? "no approval" : "\(choice.approvals) of \(Told.names(choice.from.filter { $0 != choice.person }))")
        }
        let what = "\(choice.person) \(kind.rawValue) \(choice.role) by policy \(choice.policy)"
        switch kind {
        case .gains: return "+ \(what): \(terms(choice))"
        case .loses: return "- \(what)"
        case .changes: return "~ \(what): \(before.map(terms) ?? "") → \(terms(choice))"
        }
    }
}

/// Questions about possible access.
public enum AccessQuery {
    /// Everybody who may have a role, by person and policy.
    public static func whoCan(_ role: Name, in policies: PolicySet) -> [AccessChoice] {
        policies.accessPolicies.values.filter { $0.roles.contains(role) }.flatMap { policy in
            policies.members(of: policy.eligible).map { person in
                AccessChoice(
                    person: person, role: role, policy: policy.name, approvals: policy.approvals.count,
                    from: policies.members(of: policy.approvals.from).sorted(), maxDuration: policy.maxDuration)
            }
        }.sorted { ($0.person, $0.policy) < ($1.person, $1.policy) }
    }

    /// Who gains or loses what by going from one set of policies to another.
    public static func difference(from old: PolicySet, to new: PolicySet) -> [AccessDifference] {
        func all(_ set: PolicySet) -> [String: AccessChoice] {
            let choices = set.roles.keys.flatMap { whoCan($0, in: set) }
            return Dictionary(choices.map { ("\($0.person)/\($0.role)/\($0.policy)", $0) }) { first, _ in first }
        }
        let (before, after) = (all(old), all(new))
        var result: [AccessDifference] = []
        for key in Set(before.keys).union(after.keys).sorted() {
            switch (before[key], after[key]) {
            case (nil, let choice?): result.append(AccessDifference(kind: .gains, choice: choice))
            case (let choice?, nil): result.append(AccessDifference(kind: .loses, choice: choice))
            case (let was?, let choice?) where was != choice:
                result.append(AccessDifference(kind: .changes, choice: choice, before: was))
            default: break
            }
        }
        return result
    }
}
