internal import CurfewModel

/// Builds one bundle out of its files, using again what an earlier load made of the same blobs.
struct BundleBuilder {
    let name: Name
    let limits: LoadLimits
    let runtimes: [Name: RuntimeCapabilities]
    let lookup: TreeLookup
    let tags: ImageTags?
    /// What the bundle may use.
    let powers: BundlePowers
    /// The bundle as it was loaded last.
    let previous: BundleData?

    /// A file and what it says. What an earlier load made of it is handed on as one reference, not taken apart: at ten
    /// thousand files that is what a load costs.
    private enum Item {
        case earlier(FileResult)
        case decoded(FoundFile, DecodedFile)

        var file: FoundFile {
            switch self {
            case .earlier(let result): FoundFile(folder: result.folder, name: result.name, blob: result.blob)
            case .decoded(let file, _): file
            }
        }
        var says: DecodedFile {
            switch self {
            case .earlier(let result): result.decoded
            case .decoded(_, let file): file
            }
        }
    }

    /// Folders that the bundle is made of: its own, or the files directly in `manifests/`.
    struct Root {
        var path: RepositoryPath
        var tree: ObjectID
        var shallow: Bool
    }

    /// Loads the bundle; `parsed` is read and added to.
    func build(_ roots: [Root], tree: ObjectID, parsed: inout [ObjectID: DecodedFile]) throws -> BundleData {
        var diagnostics: [Diagnostic] = []
        var files: [Item] = []
        var artifacts: Set<RepositoryPath> = []
        var latest: RepositoryPath?
        var folders: [RepositoryPath] = []
        var earlier = Earlier(previous?.files ?? [])
        for root in roots {
            var walk = TreeWalk(root.path, root.tree, shallow: root.shallow)
            while let level = try walk.files(in: lookup.tree, artifacts: artifacts) {
                for item in try decode(level, &earlier, &parsed) {
                    // Neighbours mostly share their artifact: asking the set ten thousand times would be felt.
                    for path in item.says.artifactPaths where path != latest {
                        latest = path
                        if !item.file.path.isBelow(path) { artifacts.insert(path) }
                    }
                    files.append(item)
                }
            }
            diagnostics += walk.diagnostics
            folders += walk.folders
        }
        // An artifact may have been named after its folder was read: what was read there is no manifest.
        let read = folders.filter { folder in artifacts.contains { folder.isIn($0) } }
        if !read.isEmpty {
            files.removeAll { read.contains($0.file.folder) }
            // What is shown of a folder that is walked is its path, as its names are plain ones.
            diagnostics.removeAll { item in read.contains { RepositoryPath(item.file).isBelow($0) } }
        }
        return try finish(files, tree: tree, diagnostics)
    }

    private func finish(_ files: [Item], tree: ObjectID, _ diagnostics: [Diagnostic]) throws -> BundleData {
        var states = ArtifactStates(lookup: lookup)
        var results: [FileResult] = []
        results.reserveCapacity(files.count)
        var work: [Work] = []
        for (index, item) in files.enumerated() {
            if case .earlier(let earlier) = item, try states.areStill(earlier, tags) {
                results.append(earlier)
                continue
            }
            let decoded = item.says
            let artifacts = try decoded.workloads.flatMap { try $0.paths.map { try states.state(of: $0) } }
            work.append(Work(index: index, file: item.file, decoded: decoded, artifacts: artifacts))
            results.append(FileResult.pending)
        }
        for (index, result) in make(work) { results[index] = result }
        return BundleData(
            name, tree: tree, artifacts: states.known, files: results, diagnostics: diagnostics, previous: previous)
    }

    private struct Work: Sendable {
        var index: Int
        var file: FoundFile
        var decoded: DecodedFile
        var artifacts: [ArtifactState]
    }

    private func make(_ work: [Work]) -> [(Int, FileResult)] {
        let (name, tags, powers) = (name, tags, powers)
        return Parallel.map(work, state: { GenerationHasher() }) { item, hasher in
            (
                item.index,
                FileResult(
                    item.file, item.decoded, artifacts: item.artifacts, tags: tags, bundle: name, powers: powers,
                    hasher: hasher)
            )
        }
    }

    /// Says what each file says; decodes those whose blobs nobody has decoded before.
    private func decode(_ files: [FoundFile], _ earlier: inout Earlier, _ parsed: inout [ObjectID: DecodedFile]) throws
        -> [Item]
    {
        var items: [Item?] = []
        items.reserveCapacity(files.count)
        var missing: [ObjectID] = []
        var waiting: [ObjectID: [Int]] = [:]
        for (index, file) in files.enumerated() {
            if let match = earlier.find(file) {
                items.append(.earlier(match))
            } else if let known = parsed[file.blob] {
                items.append(.decoded(file, known))
            } else {
                items.append(nil)
                if waiting[file.blob, default: []].isEmpty { missing.append(file.blob) }
                waiting[file.blob, default: []].append(index)
            }
        }
        let (tree, limits, runtimes) = (lookup.tree, limits, runtimes)
        let decoded: [Result<DecodedFile, any Error>] = Parallel.map(
            missing, state: { WorkloadReader(limits: limits, runtimes: runtimes) }
        ) { blob, reader in
            Result {
                switch try tree.withBlob(blob, limit: limits.fileSize, { reader.read($0) }) {
                case .value(let file): file
                case .tooLarge(let size): .unread(YAMLReader.tooLarge(size: size, limit: limits.fileSize))
                }
            }
        }
        for (blob, result) in zip(missing, decoded) {
            let file = try result.get()
            parsed[blob] = file
            for index in waiting[blob] ?? [] { items[index] = .decoded(files[index], file) }
        }
        return items.compactMap { $0 }
    }
}
