internal import CurfewModel
internal import Dispatch
internal import Synchronization

/// Builds one bundle out of its files, using again what an earlier load made of the same blobs.
struct BundleBuilder {
    let name: Name
    let limits: LoadLimits
    let runtimes: [Name: RuntimeCapabilities]
    let lookup: TreeLookup
    /// The bundle as it was loaded last.
    let previous: BundleData?

    /// A file, what it says, and what an earlier load made of the same file.
    private struct Item {
        var file: FoundFile
        var decoded: DecodedFile
        var earlier: FileResult?
    }

    /// Folders that the bundle is made of: its own, or the files directly in `manifests/`.
    struct Root {
        var path: String
        var tree: ObjectID
        var shallow: Bool
    }

    /// Loads the bundle; `parsed` is read and added to.
    func build(_ roots: [Root], tree: ObjectID, parsed: inout [ObjectID: DecodedFile]) throws -> BundleData {
        var diagnostics: [Diagnostic] = []
        var files: [Item] = []
        var artifacts: Set<String> = []
        var latest: String?
        var folders: [String] = []
        var earlier = Earlier(previous?.files ?? [])
        for root in roots {
            var walk = TreeWalk(root.path, root.tree, shallow: root.shallow)
            while let level = try walk.files(in: lookup.tree, artifacts: artifacts) {
                for item in try decode(level, &earlier, &parsed) {
                    // Neighbours mostly share their artifact: asking the set ten thousand times would be felt.
                    for path in item.decoded.artifactPaths where path != latest {
                        latest = path
                        if !FileResult.contains(path, item.file.path) { artifacts.insert(path) }
                    }
                    files.append(item)
                }
            }
            diagnostics += walk.diagnostics
            folders += walk.folders
        }
        // An artifact may have been named after its folder was read: what was read there is no manifest.
        let read = folders.filter { folder in artifacts.contains { $0 == folder || FileResult.contains($0, folder) } }
        if !read.isEmpty {
            files.removeAll { read.contains($0.file.folder) }
            diagnostics.removeAll { item in read.contains { FileResult.contains($0, item.file) } }
        }
        return try finish(files, tree: tree, diagnostics)
    }

    private func finish(_ files: [Item], tree: ObjectID, _ diagnostics: [Diagnostic]) throws -> BundleData {
        var states = ArtifactStates(lookup: lookup)
        var results: [FileResult] = []
        results.reserveCapacity(files.count)
        var work: [Work] = []
        for (index, item) in files.enumerated() {
            if let earlier = item.earlier, try states.areStill(earlier) {
                results.append(earlier)
                continue
            }
            let artifacts = try item.decoded.workloads.compactMap { try $0.artifactPath.map { try states.state(of: $0.path) } }
            work.append(Work(index: index, file: item.file, decoded: item.decoded, artifacts: artifacts))
            if let earlier = item.earlier { results.append(earlier) } else { results.append(FileResult.pending) }
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
        let name = name
        return Parallel.map(work, state: { GenerationHasher() }) { item, hasher in
            (
                item.index,
                FileResult(item.file, item.decoded, artifacts: item.artifacts, bundle: name, hasher: hasher)
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
                items.append(Item(file: file, decoded: match.decoded, earlier: match))
            } else if let known = parsed[file.blob] {
                items.append(Item(file: file, decoded: known, earlier: nil))
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
            for index in waiting[blob] ?? [] { items[index] = Item(file: files[index], decoded: file, earlier: nil) }
        }
        return items.compactMap { $0 }
    }
}

/// The states of artifacts of one bundle in one revision.
private struct ArtifactStates {
    let lookup: TreeLookup
    private(set) var known: [String: ArtifactState] = [:]
    private var latest: (path: String, state: ArtifactState)?

    init(lookup: TreeLookup) { self.lookup = lookup }

    mutating func state(of path: String) throws -> ArtifactState {
        if let latest, latest.path == path { return latest.state }
        let state = try known[path] ?? ArtifactState(lookup.entry(at: path))
        known[path] = state
        latest = (path, state)
        return state
    }

    /// Whether the artifacts of a file are what they were.
    mutating func areStill(_ file: FileResult) throws -> Bool {
        var index = 0
        for workload in file.decoded.workloads {
            guard let artifact = workload.artifactPath else { continue }
            guard index < file.artifacts.count, try state(of: artifact.path) == file.artifacts[index] else { return false }
            index += 1
        }
        return true
    }
}

extension DecodedFile {
    /// A file that could not be read at all.
    static func unread(_ message: String) -> DecodedFile {
        DecodedFile(
            workloads: [], broken: [], artifactPaths: [], unreadable: true,
            problems: [Problem(position: Position(line: 0, column: 0), message: message)])
    }
}

/// Finds the earlier result of a file. Both lists are in walking order, so the next one is nearly always the right one.
private struct Earlier {
    private let files: [FileResult]
    private var next = 0
    private var byPath: [String: Int]?

    init(_ files: [FileResult]) { self.files = files }

    /// The earlier result for the same path and blob.
    mutating func find(_ file: FoundFile) -> FileResult? {
        guard !files.isEmpty else { return nil }
        var index = next
        if index >= files.count || files[index].name != file.name || files[index].folder != file.folder {
            let paths =
                byPath ?? Dictionary(files.indices.map { (files[$0].path, $0) }, uniquingKeysWith: { first, _ in first })
            byPath = paths
            guard let found = paths[file.path] else { return nil }
            index = found
        }
        next = index + 1
        return files[index].blob == file.blob ? files[index] : nil
    }
}

/// Work on the two or more cores of a machine, on the caller's own thread and Dispatch's workers; returns when all is done.
enum Parallel {
    static func map<Item: Sendable, State, Output: Sendable>(
        _ items: [Item], state: @Sendable () -> State, _ body: @Sendable (Item, State) -> Output
    ) -> [Output] {
        // Below this the threads cost more than they bring.
        guard items.count >= 64 else {
            let state = state()
            return items.map { body($0, state) }
        }
        let size = (items.count + 1) / 2
        let halves = Mutex<[Int: [Output]]>([:])
        DispatchQueue.concurrentPerform(iterations: 2) { half in
            let state = state()
            let output = items[(half * size)..<min(items.count, (half + 1) * size)].map { body($0, state) }
            halves.withLock { $0[half] = output }
        }
        return halves.withLock { ($0[0] ?? []) + ($0[1] ?? []) }
    }
}
