public import CurfewModel

/// Whether an approval tag counts, and for whom.
extension Signing {
    /// The outcome for one tag.
    enum Approval: Equatable {
        /// This person approves, at the time that the tag claims.
        case counts(Name, at: Instant)
        /// A person approves it, and it does not count, for this reason.
        case void(Name, String)
        /// It is about something else, or nobody's.
        case unrelated
    }

    /// What a tag is worth for a grant's file.
    func approval(_ tag: ApprovalTag, of grant: GrantID) -> Approval {
        let path = "grants/\(grant.name).yaml"
        guard tag.targets.contains(grant.blob), let (name, at) = approver(tag, subject: grant.name.rawValue) else {
            return .unrelated
        }
        guard let statement = tag.statement else { return .void(name, Self.unbound) }
        guard statement.target == grant.blob, statement.path.map({ $0.utf8.elementsEqual(path.utf8) }) == true else {
            return .void(name, "it is not for \(path)")
        }
        return judged(statement, name, at)
    }

    /// What a tag is worth for one of some commits.
    func approval(_ tag: ApprovalTag, ofCommit targets: [ObjectID]) -> Approval {
        guard let target = tag.targets.first(where: targets.contains),
            let (name, at) = approver(tag, subject: String(target.hex.prefix(12)))
        else { return .unrelated }
        guard let statement = tag.statement, statement.path == nil else { return .void(name, Self.unbound) }
        return judged(statement, name, at)
    }

    private static let unbound = "it does not say for which repository and path it is; approve again with this version"

    private func judged(_ statement: ApprovalStatement, _ name: Name, _ at: Instant) -> Approval {
        if let root = rules.root, statement.root != root {
            return .void(
                name,
                "it is for the repository of \(statement.root.short); approve again with `--root \(root.hex)`")
        }
        if at > now + rules.tolerance { return .void(name, "it is dated in the future (\(at.text)); set that clock right") }
        return .counts(name, at: at)
    }

    /// Whose tag it is: named after its subject and its signer, and under that name still.
    private func approver(_ tag: ApprovalTag, subject: String) -> (name: Name, at: Instant)? {
        let parts = tag.reference.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).map { Array($0) }
        guard tag.reference.utf8.elementsEqual(tag.name.utf8), parts.count == 3, parts[0] == Array("approvals".utf8),
            parts[1] == Array(subject.utf8), let claimed = Name(String(decoding: parts[2], as: UTF8.self)),
            case .person(let name) = signer(of: tag.signature, "tag"), name == claimed, let person = policies.persons[name],
            person.emails.contains(tag.tagger.email.lowercased())
        else { return nil }
        return (name, tag.tagger.at)
    }
}

extension ApprovalTag {
    /// What its message names, by lines of their own: `Curfew-Approve: <object>`. Whether it counts is for the gates to judge.
    public var targets: [ObjectID] {
        let key = "Curfew-Approve: "
        return message.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(key) }
            .compactMap { ObjectID(String($0.dropFirst(key.count))) }
    }
}
