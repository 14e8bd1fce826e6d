internal import CurfewModel

/// What the documents of `policies/` say of each other: names that are not there, names and keys that two have, circles of
/// teams, quorums that nobody could reach.
struct PolicyCheck {
    private struct Place {
        var file: String
        var position: Position
    }

    var diagnostics: [Diagnostic] = []
    /// There may be documents whose names nobody knows: a name that is missing is no second mistake then.
    var unreadable = false
    /// Something in a document could not be read.
    var incomplete = false
    var references: [(file: String, reference: Reference)] = []
    var claims: [(person: Name, file: String, claim: Claim)] = []
    private var places: [DocumentKind: [Name: Place]] = [:]

    /// Notes a document; tells when there is one of its kind and name already, and returns `false` then.
    mutating func define(_ kind: DocumentKind, _ name: Name, _ file: String, _ position: Position) -> Bool {
        if let other = places[kind]?[name] {
            report(
                file, position,
                "\(kind.rawValue) '\(name)' is already defined at \(other.file):\(other.position.line):\(other.position.column)"
            )
            return false
        }
        places[kind, default: [:]][name] = Place(file: file, position: position)
        return true
    }

    /// - Parameter backends: the configured ones, `nil` = not known.
    mutating func run(_ set: PolicySet, backends: Set<Name>?) {
        checkReferences(backends)
        checkClaims()
        checkCycles(set)
        if !unreadable, !incomplete { checkQuorums(set) }
    }

    private mutating func checkReferences(_ backends: Set<Name>?) {
        for (file, reference) in references {
            let isKnown: Bool
            let kind: DocumentKind
            switch reference.kind {
            case .person: kind = .person
            case .team: kind = .team
            case .role: kind = .role
            case .workload: continue
            case .backend:
                guard let backends, !backends.contains(reference.name) else { continue }
                let known = backends.map(\.rawValue).sorted()
                report(
                    file, reference.position,
                    "\(reference.label): there is no backend '\(reference.name)'"
                        + Spelling.hint(reference.name.rawValue, among: known)
                        + " (configured: \(known.isEmpty ? "none" : known.joined(separator: ", ")))")
                continue
            }
            isKnown = places[kind]?[reference.name] != nil
            if isKnown || unreadable { continue }
            let known = places[kind]?.keys.map(\.rawValue).sorted() ?? []
            var hint = Spelling.hint(reference.name.rawValue, among: known)
            if reference.kind == .person, places[.team]?[reference.name] != nil {
                hint = "; did you mean 'team:\(reference.name)'?"
            }
            report(
                file, reference.position,
                "\(reference.label): there is no \(reference.kind.rawValue) '\(reference.name)'" + hint)
        }
    }

    /// A key or an address says who somebody is: it belongs to one person, or one could fill two seats.
    private mutating func checkClaims() {
        var owners: [Claim.Thing: (person: Name, file: String, position: Position)] = [:]
        for (person, file, claim) in claims {
            guard let first = owners[claim.thing] else {
                owners[claim.thing] = (person, file, claim.position)
                continue
            }
            if first.person == person { continue }
            let what =
                switch claim.thing {
                case .email(let address): "the address \(address)"
                case .key(let key): "this \(key.type) key"
                }
            report(
                file, claim.position,
                "\(what) is that of '\(first.person)' at \(first.file):\(first.position.line):\(first.position.column); it can belong to one person only"
            )
        }
    }

    private mutating func checkCycles(_ set: PolicySet) {
        let edges = set.teams.mapValues { team in
            team.members.compactMap { if case .team(let name) = $0 { name } else { nil } }
        }
        for cycle in Cycles.find(edges) {
            guard let place = places[.team]?[cycle[0]] else { continue }
            let way = (cycle + [cycle[0]]).map(\.rawValue).joined(separator: " → ")
            report(place.file, place.position, "teams contain each other: \(way)")
        }
    }

    private mutating func checkQuorums(_ set: PolicySet) {
        let policies =
            set.accessPolicies.values.map { (DocumentKind.accessPolicy, $0.name, $0.approvals) }
            + set.changePolicies.values.map { (DocumentKind.changePolicy, $0.name, $0.approvals) }
        for (kind, name, quorum) in policies where quorum.count > 0 {
            let people = set.members(of: quorum.from).count
            guard quorum.count > people, let place = places[kind]?[name] else { continue }
            report(
                place.file, place.position,
                "\(kind.rawValue) '\(name)' asks for \(quorum.count) approval\(quorum.count == 1 ? "" : "s"), but 'from' holds \(people) \(people == 1 ? "person" : "persons")"
            )
        }
    }

    private mutating func report(_ file: String, _ position: Position, _ message: String) {
        diagnostics.append(Diagnostic(file: file, line: position.line, column: position.column, message))
    }
}

/// Roles may name workloads that are not there (yet): a warning, since nothing would be replaced.
enum TouchCheck {
    static func diagnostics(_ touches: [(file: String, reference: Reference)], _ bundles: [Name: LoadedBundle]) -> [Diagnostic]
    {
        var missing = Set(touches.map(\.reference.name))
        guard !missing.isEmpty, !bundles.values.contains(where: \.unreadable) else { return [] }
        for bundle in bundles.values {
            for workload in bundle.workloads { missing.remove(workload.name) }
            for item in bundle.broken { missing.remove(item.name) }
        }
        guard !missing.isEmpty else { return [] }
        let known = bundles.values.flatMap { $0.workloads.map(\.name.rawValue) }.sorted()
        return touches.filter { missing.contains($0.reference.name) }.map { file, reference in
            Diagnostic(
                .warning, file: file, line: reference.position.line, column: reference.position.column,
                "touches: there is no workload '\(reference.name)'; nothing is replaced when a grant of this role ends"
                    + Spelling.hint(reference.name.rawValue, among: known))
        }
    }
}
