internal import CurfewModel

/// What loads leave behind for the next ones.
struct Cache {
    struct OutsideKey: Equatable {
        var policies: FileEntry?
        var grants: FileEntry?
    }
    private struct Entry {
        var data: BundleData
        var lastUsed: Int
    }
    /// Versions of one bundle that are kept; the newest, its predecessor, and what a walk through history looks at.
    private static let versions = 4

    /// Counts loads.
    var load = 0
    /// Decoded files by blob.
    var parsed: [ObjectID: DecodedFile] = [:]
    /// Diagnostics of `policies/` and `grants/`.
    var outside: (key: OutsideKey, diagnostics: [Diagnostic])?
    /// `policies/` of the trees looked at last, the newest first.
    var policies: [LoadedPolicies] = []
    static let policyVersions = 16
    /// Warnings about workloads that roles name, for one pair of trees.
    var touches: (policies: ObjectID, manifests: ObjectID, diagnostics: [Diagnostic])?
    /// Grants by blob, of the revision looked at last.
    var grants: [ObjectID: GrantLoader.Outcome] = [:]
    private var bundles: [Name: [Entry]] = [:]

    /// A bundle that was made from the same tree and the same artifacts.
    mutating func bundle(_ name: Name, tree: ObjectID, _ lookup: TreeLookup, _ tags: ImageTags?) throws -> BundleData? {
        guard let entries = bundles[name] else { return nil }
        for index in entries.indices.reversed() where entries[index].data.tree == tree {
            let data = entries[index].data
            guard data.tags.allSatisfy({ tags?[$0.tag] == $0.state }) else { continue }
            guard try data.artifacts.allSatisfy({ try ArtifactState(lookup.entry(at: $0.key)) == $0.value }) else { continue }
            bundles[name]?.remove(at: index)
            insert(data)
            return data
        }
        return nil
    }

    /// The version that was used last.
    func latest(_ name: Name) -> BundleData? { bundles[name]?.last?.data }

    mutating func insert(_ data: BundleData) {
        bundles[data.name, default: []].append(Entry(data: data, lastUsed: load))
        if bundles[data.name, default: []].count > Self.versions { bundles[data.name]?.removeFirst() }
    }

    /// Drops what the last two loads did not use.
    mutating func sweep() {
        var files = 0
        for name in Array(bundles.keys) {
            let kept = bundles[name]?.filter { $0.lastUsed >= load - 1 } ?? []
            bundles[name] = kept.isEmpty ? nil : kept
            files += kept.reduce(0) { $0 + $1.data.files.count }
        }
        // Now and then only: going through all of them at every load would cost more than they do.
        guard parsed.count > files + 1000 else { return }
        parsed = [:]
        for entry in bundles.values.joined() {
            for file in entry.data.files { parsed[file.blob] = file.decoded }
        }
    }
}
