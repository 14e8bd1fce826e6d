internal import CurfewModel

/// Reads all of `policies/`: the files one by one, then the references between them.
final class PolicyLoader {
    private let limits: LoadLimits
    private let backends: Set<Name>?
    private var diagnostics: [Diagnostic] = []
    private var places: [String: [Name: Place]] = [:]
    private var persons: [Person] = []
    private var teams: [Team] = []
    private var roles: [Role] = []
    private var access: [AccessPolicy] = []
    private var changes: [ChangePolicy] = []
    private var references: [(file: String, reference: Reference)] = []

    private struct Place {
        var file: String
        var position: Position
    }

    init(limits: LoadLimits, backends: Set<Name>?) { (self.limits, self.backends) = (limits, backends) }

    /// - Parameter folder: the tree of `policies/`.
    func load(_ tree: any FileTree, _ folder: ObjectID) throws -> LoadedPolicies {
        var walk = TreeWalk("policies", folder, shallow: false)
        let yaml = YAMLReader(limits: limits)
        let decoder = Decoder(yaml)
        while let files = try walk.files(in: tree, artifacts: []) {
            for file in files {
                let read = try tree.withBlob(file.blob, limit: limits.fileSize) { bytes -> [Problem] in
                    yaml.read(bytes)
                    decoder.reset()
                    for root in yaml.documents { take(root, decoder, file.path) }
                    return yaml.problems + decoder.problems
                }
                switch read {
                case .value(let problems): diagnostics += problems.map { Diagnostic($0, file: file.path) }
                case .tooLarge(let size):
                    diagnostics.append(Diagnostic(file: file.path, YAMLReader.tooLarge(size: size, limit: limits.fileSize)))
                }
            }
        }
        diagnostics += walk.diagnostics
        let set = PolicySet(
            tree: folder, persons: persons, teams: teams, roles: roles, accessPolicies: access, changePolicies: changes)
        checkReferences(set)
        checkSharing()
        checkCycles()
        checkQuorums(set)
        return LoadedPolicies(
            set: set, diagnostics: diagnostics.inOrder, isBroken: diagnostics.contains { $0.severity == .error })
    }

    private func take(_ root: Int, _ decoder: Decoder, _ file: String) {
        let envelope = decoder.envelope(root, in: "policies")
        guard let kind = envelope.kind, let name = envelope.name, let spec = envelope.spec else { return }
        if let other = places[kind.rawValue]?[name] {
            return decoder.report(
                root,
                "\(kind.rawValue) '\(name)' is defined twice: also at \(other.file):\(other.position.line):\(other.position.column)"
            )
        }
        places[kind.rawValue, default: [:]][name] = Place(file: file, position: envelope.namePosition)
        var found: [Reference] = []
        switch kind {
        case .person: persons.append(decoder.person(spec, name))
        case .team: teams.append(decoder.team(spec, name, &found))
        case .role: roles.append(decoder.role(spec, name, &found))
        case .accessPolicy: access.append(decoder.accessPolicy(spec, name, &found))
        case .changePolicy: changes.append(decoder.changePolicy(spec, name, &found))
        case .workload, .stack, .grant, .configuration: break
        }
        references += found.map { (file, $0) }
    }

    private func checkReferences(_ set: PolicySet) {
        for (file, reference) in references {
            let known: [Name]
            switch reference.kind {
            case .person: known = Array(set.persons.keys)
            case .team: known = Array(set.teams.keys)
            case .role: known = Array(set.roles.keys)
            case .backend:
                guard let backends else { continue }
                known = Array(backends)
            }
            guard !known.contains(reference.name) else { continue }
            report(
                file, reference.position,
                "\(reference.label): there is no \(reference.kind.rawValue) '\(reference.name)'"
                    + Spelling.hint(reference.name.rawValue, among: known.map(\.rawValue).sorted()))
        }
    }

    /// A key or an address says who somebody is: it belongs to one person.
    private func checkSharing() {
        var emails: [String: Name] = [:]
        var keys: [SSHPublicKey: Name] = [:]
        for person in persons.sorted(by: { $0.name < $1.name }) {
            for email in person.emails {
                if let other = emails[email], other != person.name { share(person.name, other, "the address \(email)") }
                emails[email] = person.name
            }
            for key in person.signingKeys.map(\.key) {
                if let other = keys[key], other != person.name { share(person.name, other, "a signing key") }
                keys[key] = person.name
            }
        }
    }

    private func share(_ name: Name, _ other: Name, _ what: String) {
        guard let place = places[DocumentKind.person.rawValue]?[name] else { return }
        report(place.file, place.position, "\(name) and \(other) share \(what); it can belong to one of them only")
    }

    private func checkCycles() {
        let edges = Dictionary(
            uniqueKeysWithValues: teams.map { team in
                (team.name, team.members.compactMap { if case .team(let name) = $0 { name } else { nil } })
            })
        for cycle in Cycles.find(edges) {
            guard let place = places[DocumentKind.team.rawValue]?[cycle[0]] else { continue }
            let way = (cycle + [cycle[0]]).map(\.rawValue).joined(separator: " → ")
            report(place.file, place.position, "teams contain each other: \(way)")
        }
    }

    private func checkQuorums(_ set: PolicySet) {
        func check(_ kind: DocumentKind, _ name: Name, _ quorum: Quorum) {
            let people = set.members(of: quorum.from).count
            guard quorum.count > people, !quorum.from.isEmpty, let place = places[kind.rawValue]?[name] else { return }
            report(
                place.file, place.position,
                "\(kind.rawValue) '\(name)' asks for \(quorum.count) approvals of \(people) persons: nobody could ever get them"
            )
        }
        for policy in access { check(.accessPolicy, policy.name, policy.approvals) }
        for policy in changes { check(.changePolicy, policy.name, policy.approvals) }
    }

    private func report(_ file: String, _ position: Position, _ message: String) {
        diagnostics.append(Diagnostic(file: file, line: position.line, column: position.column, message))
    }
}
