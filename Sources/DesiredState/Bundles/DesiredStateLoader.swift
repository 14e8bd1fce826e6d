public import CurfewModel
internal import Synchronization

/// Loads what a revision says. Thread-safe; loads wait for one another.
///
/// A file whose blob was decoded before is not decoded again, and a bundle whose tree and artifacts did not change is not
/// walked. The caches hold what the last two loads used.
public final class DesiredStateLoader: Sendable {
    let limits: LoadLimits
    private let runtimes: [Name: RuntimeCapabilities]
    let backends: Set<Name>?
    let enforcesPolicies: Bool
    private let tags: ImageTags?
    private let permissions: BundlePermissions
    /// Knows what is being read, in case that ends the process; `nil` = nobody does.
    let watch: (any ContentGuard)?
    private let cache = Mutex(Cache())

    /// Makes a loader with empty caches.
    /// - Parameters:
    ///   - runtimes: the runtimes of the service's configuration; workloads that name another one are refused.
    ///   - backends: the access backends of the configuration; roles that name another one are refused. `nil` = not known.
    ///   - tags: where it is known what images by tag stand for; one that is missing there is an error. `nil` = tags are
    ///     taken as they are: nothing can be run of it.
    ///   - permissions: what bundles may use; a bundle that uses more is held.
    ///   - enforcesPolicies: whether somebody acts on `policies/`; if not, a warning says so.
    public init(
        limits: LoadLimits = .init(), runtimes: [Name: RuntimeCapabilities], backends: Set<Name>? = nil,
        permissions: BundlePermissions = BundlePermissions(), enforcesPolicies: Bool = false, tags: ImageTags? = nil,
        watch: (any ContentGuard)? = nil
    ) {
        (self.limits, self.runtimes, self.backends, self.permissions) = (limits, runtimes, backends, permissions)
        (self.enforcesPolicies, self.tags, self.watch) = (enforcesPolicies, tags, watch)
    }

    /// Loads `policies/` of one revision. Blocks: call it off the cooperative pool.
    /// - Throws: only what `tree` throws.
    public func loadPolicies(_ tree: any FileTree) throws -> LoadedPolicies {
        try cache.withLock { cache in
            try policies(tree.entries(of: tree.root).first { $0.name == "policies" }, tree, &cache)
        }
    }

    /// Loads `grants/` of one revision; a file that was read before is not read again. Blocks.
    /// - Throws: only what `tree` throws.
    public func loadGrants(_ tree: any FileTree) throws -> LoadedGrants {
        try cache.withLock { cache in
            try grants(tree.entries(of: tree.root).first { $0.name == "grants" }, tree, &cache)
        }
    }

    /// Loads everything that `revision` says. Blocks: call it off the cooperative pool.
    /// - Throws: only what `tree` throws, when the object database fails. Mistakes in files are diagnostics.
    public func load(_ tree: any FileTree, revision: ObjectID) throws -> LoadedRevision {
        try cache.withLock { cache in
            cache.load += 1
            let lookup = TreeLookup(tree)
            var result = LoadedRevision(revision: revision)
            result.diagnostics = try outside(lookup, &cache)
            guard let folder = try lookup.entry(at: "manifests"), folder.kind == .folder else {
                result.lacksManifests = true
                result.diagnostics.append(
                    Diagnostic(
                        file: "manifests",
                        "there is no folder 'manifests'; nothing is changed until it is back (to run nothing, keep it with a README in it)"
                    ))
                return result
            }
            let entries = try tree.entries(of: folder.id)
            for name in bundleNames(entries, &result.diagnostics) {
                result.bundles[name] = try bundle(name, in: folder.id, entries, lookup, &cache)?.loaded(at: revision)
            }
            result.diagnostics += try touches(lookup, folder.id, result.bundles, &cache)
            cache.sweep()
            return result
        }
    }

    /// Loads one bundle of a revision, `nil` when it is not there. Blocks: call it off the cooperative pool.
    /// - Throws: only what `tree` throws, when the object database fails.
    public func loadBundle(_ name: Name, in tree: any FileTree, revision: ObjectID) throws -> LoadedBundle? {
        try cache.withLock { cache in
            let lookup = TreeLookup(tree)
            guard let folder = try lookup.entry(at: "manifests"), folder.kind == .folder else { return nil }
            let entries = try tree.entries(of: folder.id)
            return try bundle(name, in: folder.id, entries, lookup, &cache)?.loaded(at: revision)
        }
    }

    /// The bundle of the files that lie directly in `manifests/`.
    public static let defaultBundle = Name(literal: "default")

    private func bundleNames(_ entries: [FileEntry], _ diagnostics: inout [Diagnostic]) -> [Name] {
        var names: Set<Name> = []
        for entry in entries {
            let path = RepositoryPath("manifests").appending(entry.name).shown
            switch entry.kind {
            case .folder:
                if let name = entry.name.label {
                    names.insert(name)
                } else {
                    diagnostics.append(
                        Diagnostic(
                            file: path,
                            "a folder in manifests/ is a bundle, and its name has to be a DNS label: 1 to 63 of a-z, 0-9 and '-'"
                        ))
                }
            case .symlink, .submodule:
                if TreeWalk.isManifest(entry.name) {
                    names.insert(Self.defaultBundle)
                } else {
                    let what = entry.kind == .symlink ? "a symbolic link is never followed" : "a submodule is never fetched"
                    diagnostics.append(Diagnostic(file: path, "\(what); put the files themselves here"))
                }
            case .file, .executable:
                if TreeWalk.isManifest(entry.name) { names.insert(Self.defaultBundle) }
            }
        }
        return names.sorted()
    }

    private func bundle(
        _ name: Name, in manifests: ObjectID, _ entries: [FileEntry], _ lookup: TreeLookup, _ cache: inout Cache
    ) throws -> BundleData? {
        var roots: [BundleBuilder.Root] = []
        if name == Self.defaultBundle, entries.contains(where: { $0.kind != .folder && TreeWalk.isManifest($0.name) }) {
            roots.append(BundleBuilder.Root(path: "manifests", tree: manifests, shallow: true))
        }
        if let folder = entries.first(where: { $0.kind == .folder && $0.name == FileName(name) }) {
            roots.append(
                BundleBuilder.Root(path: RepositoryPath("manifests").appending(folder.name), tree: folder.id, shallow: false))
        }
        guard let tree = roots.first?.tree else { return nil }
        if let known = try cache.bundle(name, tree: tree, lookup, tags) { return known }
        let builder = BundleBuilder(
            name: name, limits: limits, runtimes: runtimes, lookup: lookup, tags: tags, powers: permissions.of(name),
            previous: cache.latest(name))
        let (stage, content) = ("read", ContentKey(.bundle, name.rawValue, id: tree.hex))
        if let why = watch?.begin(content, stage: stage) {
            return BundleData(
                name, tree: tree, artifacts: [:], files: [], diagnostics: [Diagnostic(file: roots[0].path.shown, why)],
                previous: nil, isUnread: true)
        }
        defer { watch?.end(content, stage: stage) }
        let data = try builder.build(roots, tree: tree, parsed: &cache.parsed)
        cache.insert(data)
        return data
    }
}
