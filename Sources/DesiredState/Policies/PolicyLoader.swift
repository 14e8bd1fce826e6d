internal import CurfewModel

/// Reads all of `policies/`: the files one by one, then what they say of each other (see ``PolicyCheck``).
final class PolicyLoader {
    private let limits: LoadLimits
    private let backends: Set<Name>?
    private var check = PolicyCheck()
    private var persons: [Person] = []
    private var teams: [Team] = []
    private var roles: [Role] = []
    private var access: [AccessPolicy] = []
    private var changes: [ChangePolicy] = []

    init(limits: LoadLimits, backends: Set<Name>?) { (self.limits, self.backends) = (limits, backends) }

    /// - Parameter folder: the tree of `policies/`.
    func load(_ tree: any FileTree, _ folder: ObjectID) throws -> LoadedPolicies {
        var walk = TreeWalk("policies", folder, shallow: false, strict: true)
        var files: [FoundFile] = []
        while let level = try walk.files(in: tree, artifacts: []) { files += level }
        // In the order of paths, so that of two that claim the same the second is always the same one.
        files.sort { $0.path < $1.path }
        check.diagnostics += walk.diagnostics
        let yaml = YAMLReader(limits: limits)
        let decoder = Decoder(yaml)
        for file in files {
            let path = file.path.shown
            let read = try tree.withBlob(file.blob, limit: limits.fileSize) { bytes -> [Problem] in
                yaml.read(bytes)
                decoder.reset()
                if yaml.stopped { check.unreadable = true }
                for root in yaml.documents { take(root, decoder, path) }
                return yaml.problems + decoder.problems
            }
            switch read {
            case .value(let problems):
                check.diagnostics += problems.prefix(Decoder.problemLimit).map { Diagnostic($0, file: path) }
            case .tooLarge(let size):
                check.unreadable = true
                check.diagnostics.append(Diagnostic(file: path, YAMLReader.tooLarge(size: size, limit: limits.fileSize)))
            }
        }
        let set = PolicySet(
            tree: folder, persons: persons, teams: teams, roles: roles, accessPolicies: access, changePolicies: changes)
        check.run(set, backends: backends)
        var loaded = LoadedPolicies(
            set: set, diagnostics: check.diagnostics.inOrder,
            isBroken: check.diagnostics.contains { $0.severity == .error })
        loaded.touches = check.references.filter { $0.reference.kind == .workload }
        return loaded
    }

    private func take(_ root: Int, _ decoder: Decoder, _ file: String) {
        let envelope = decoder.envelope(root, in: "policies")
        // Nobody knows what it would have defined.
        guard let kind = envelope.kind, let name = envelope.name else { return check.unreadable = true }
        let isFirst = check.define(kind, name, file, envelope.namePosition)
        guard let spec = envelope.spec else { return check.unreadable = true }
        // A second one is looked through for mistakes too, and goes into nothing.
        var references: [Reference] = []
        var claims: [Claim] = []
        let before = decoder.problems.count
        switch kind {
        case .person:
            let person = decoder.person(spec, name, &claims)
            if isFirst { persons.append(person) }
        case .team:
            let team = decoder.team(spec, name, &references)
            if isFirst { teams.append(team) }
        case .role:
            let role = decoder.role(spec, name, &references)
            if isFirst { roles.append(role) }
        case .accessPolicy:
            let policy = decoder.accessPolicy(spec, name, &references)
            if isFirst { access.append(policy) }
        case .changePolicy:
            let policy = decoder.changePolicy(spec, name, &references)
            if isFirst { changes.append(policy) }
        case .workload, .stack, .grant, .configuration: break
        }
        guard isFirst else { return }
        check.references += references.map { (file, $0) }
        check.claims += claims.map { (name, file, $0) }
        // Who is in a team that could not be read whole is not known: no quorum is counted then.
        if decoder.problems.count > before || before >= Decoder.problemLimit { check.incomplete = true }
    }
}
