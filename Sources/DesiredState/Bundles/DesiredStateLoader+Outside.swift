internal import CurfewModel

/// What lies outside `manifests/`: it holds no bundle.
extension DesiredStateLoader {
    /// Everything that is wrong in `policies/` and `grants/`.
    func outside(_ lookup: TreeLookup, _ cache: inout Cache) throws -> [Diagnostic] {
        let root = try lookup.tree.entries(of: lookup.tree.root)
        let key = Cache.OutsideKey(
            policies: root.first { $0.name == "policies" }, grants: root.first { $0.name == "grants" })
        if let known = cache.outside, known.key == key { return known.diagnostics }
        var diagnostics: [Diagnostic] = []
        if key.policies != nil {
            if !enforcesPolicies {
                diagnostics.append(
                    Diagnostic(.warning, file: "policies", "policies/ is read but not enforced: trust.mode is none"))
            }
            diagnostics += try policies(key.policies, lookup.tree, &cache).diagnostics
        }
        let grants = try grants(key.grants, lookup.tree, &cache)
        diagnostics += grants.broken.flatMap(\.diagnostics)
        if !enforcesPolicies {
            for file in grants.files {
                diagnostics.append(Diagnostic(.warning, file: file.path.shown, "this gives no access: trust.mode is none"))
            }
        }
        cache.outside = (key, diagnostics)
        return diagnostics
    }

    /// Workloads that roles name and `manifests/` does not have.
    func touches(_ lookup: TreeLookup, _ manifests: ObjectID, _ bundles: [Name: LoadedBundle], _ cache: inout Cache) throws
        -> [Diagnostic]
    {
        guard let entry = cache.outside?.key.policies else { return [] }
        let touches = try policies(entry, lookup.tree, &cache).touches
        if touches.isEmpty { return [] }
        if let known = cache.touches, known.policies == entry.id, known.manifests == manifests { return known.diagnostics }
        let diagnostics = TouchCheck.diagnostics(touches, bundles)
        cache.touches = (entry.id, manifests, diagnostics)
        return diagnostics
    }

    func policies(_ entry: FileEntry?, _ tree: any FileTree, _ cache: inout Cache) throws -> LoadedPolicies {
        guard let entry else { return LoadedPolicies(set: PolicySet(), diagnostics: [], isBroken: false) }
        guard entry.kind == .folder else {
            // Not the same as none: what is protected is not known.
            return LoadedPolicies(
                set: PolicySet(), diagnostics: [Diagnostic(file: "policies", Self.notAFolder(entry))], isBroken: true)
        }
        if let known = cache.policies.first(where: { $0.set.tree == entry.id }) { return known }
        let (stage, content) = ("read", ContentKey(.policies, "policies", id: entry.id.hex))
        if let why = watch?.begin(content, stage: stage) {
            return LoadedPolicies(set: PolicySet(), diagnostics: [Diagnostic(file: "policies", why)], isBroken: true)
        }
        defer { watch?.end(content, stage: stage) }
        let loaded = try PolicyLoader(limits: limits, backends: backends).load(tree, entry.id)
        cache.policies.insert(loaded, at: 0)
        if cache.policies.count > Cache.policyVersions { cache.policies.removeLast() }
        return loaded
    }

    func grants(_ entry: FileEntry?, _ tree: any FileTree, _ cache: inout Cache) throws -> LoadedGrants {
        guard let entry else { return LoadedGrants(tree: nil, files: [], broken: []) }
        guard entry.kind == .folder else {
            let diagnostic = Diagnostic(file: "grants", Self.notAFolder(entry))
            return LoadedGrants(
                tree: nil, files: [], broken: [BrokenGrant(path: "grants", blob: entry.id, diagnostics: [diagnostic])])
        }
        var result = LoadedGrants(tree: entry.id, files: [], broken: [])
        let reader = GrantLoader(limits: limits)
        var read: [ObjectID: GrantLoader.Outcome] = [:]
        for file in try tree.entries(of: entry.id) where !GrantLoader.isIgnored(file) {
            if file.kind == .file || file.kind == .executable {
                if let known = cache.grants[file.id] ?? read[file.id] {
                    read[file.id] = known
                } else {
                    let content = Self.content(file)
                    if let why = watch?.begin(content, stage: "read") {
                        result.setAside.append(
                            SetAsideGrant(path: RepositoryPath("grants").appending(file.name), blob: file.id, reason: why))
                        continue
                    }
                    defer { watch?.end(content, stage: "read") }
                    read[file.id] = try reader.read(file.id, tree)
                }
            }
            switch GrantLoader.place(read[file.id], file) {
            case .success(let grant): result.files.append(grant)
            case .failure(let broken): result.broken.append(broken.grant)
            }
        }
        // What another revision may still need is read again: it is little.
        cache.grants = read
        return result
    }

    /// A grant's file, as it is named before anybody has read it.
    private static func content(_ file: FileEntry) -> ContentKey {
        let shown = "\(file.name)"
        let name = shown.hasSuffix(".yaml") ? String(shown.dropLast(5)) : shown
        return ContentKey(.grant, name, id: file.id.hex)
    }

    private static func notAFolder(_ entry: FileEntry) -> String {
        let what =
            switch entry.kind {
            case .symlink: "is a symbolic link, which is never followed"
            case .submodule: "is a submodule, which is never fetched"
            case .file, .executable, .folder: "is a file"
            }
        return "'\(entry.name)' \(what); it has to be a folder"
    }
}
