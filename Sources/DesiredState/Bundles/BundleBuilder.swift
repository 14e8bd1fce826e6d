internal import CurfewModel
internal import Dispatch
internal import Synchronization

/// Builds one bundle out of its files, using again what an earlier load made of the same blobs.
struct BundleBuilder {
    let name: Name
    let limits: LoadLimits
    let runtimes: [Name: RuntimeCapabilities]
    let lookup: TreeLookup
    /// The files of this bundle as they were loaded last, in their order.
    let previous: [FileResult]

    /// Folders that the bundle is made of: its own, or the files directly in `manifests/`.
    struct Root {
        var path: String
        var tree: ObjectID
        var shallow: Bool
    }

    /// Loads the bundle; `parsed` is read and added to.
    func build(_ roots: [Root], tree: ObjectID, parsed: inout [ObjectID: DecodedFile]) throws -> BundleData {
        var diagnostics: [Diagnostic] = []
        var files: [(file: FoundFile, decoded: DecodedFile, earlier: FileResult?)] = []
        var artifacts: Set<String> = []
        var folders: [String] = []
        var earlier = Earlier(previous)
        for root in roots {
            var walk = TreeWalk(root.path, root.tree, shallow: root.shallow)
            while let level = try walk.files(in: lookup.tree, artifacts: artifacts) {
                let matches = level.map { earlier.find($0) }
                let fresh = try decode(zip(level, matches).compactMap { $1 == nil ? $0 : nil }, &parsed)
                for (file, match) in zip(level, matches) {
                    guard let decoded = match?.decoded ?? fresh[file.blob] else { continue }
                    files.append((file, decoded, match))
                    for path in decoded.artifactPaths where !FileResult.contains(path, file.path) { artifacts.insert(path) }
                }
            }
            diagnostics += walk.diagnostics
            folders += walk.folders
        }
        // An artifact may have been named after its folder was read: what was read there is no manifest.
        let read = folders.filter { folder in artifacts.contains { $0 == folder || FileResult.contains($0, folder) } }
        if !read.isEmpty {
            files.removeAll { item in read.contains { FileResult.contains($0, item.file.path) } }
            diagnostics.removeAll { item in read.contains { FileResult.contains($0, item.file) } }
        }
        return try finish(files, tree: tree, diagnostics)
    }

    private func finish(
        _ files: [(file: FoundFile, decoded: DecodedFile, earlier: FileResult?)], tree: ObjectID, _ diagnostics: [Diagnostic]
    ) throws -> BundleData {
        var states: [String: ArtifactState] = [:]
        var results: [FileResult?] = []
        results.reserveCapacity(files.count)
        var work: [Work] = []
        for (index, item) in files.enumerated() {
            var artifacts: [ArtifactState] = []
            for workload in item.decoded.workloads {
                guard let path = workload.artifactPath?.path else { continue }
                if let known = states[path] {
                    artifacts.append(known)
                } else {
                    let state = ArtifactState(try lookup.entry(at: path))
                    states[path] = state
                    artifacts.append(state)
                }
            }
            if let earlier = item.earlier, earlier.artifacts == artifacts {
                results.append(earlier)
            } else {
                results.append(nil)
                work.append(Work(index: index, file: item.file, decoded: item.decoded, artifacts: artifacts))
            }
        }
        for (index, result) in make(work) { results[index] = result }
        return BundleData(
            name, tree: tree, artifacts: states, files: results.compactMap { $0 }, diagnostics: diagnostics)
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

    /// Decodes the files whose blobs nobody has decoded before.
    private func decode(_ files: [FoundFile], _ parsed: inout [ObjectID: DecodedFile]) throws -> [ObjectID: DecodedFile] {
        var result: [ObjectID: DecodedFile] = [:]
        var missing: [ObjectID] = []
        for file in files where result[file.blob] == nil {
            if let known = parsed[file.blob] { result[file.blob] = known } else { missing.append(file.blob) }
        }
        if missing.count > 1 { missing = Array(Set(missing)).sorted() }
        let (tree, limits, runtimes) = (lookup.tree, limits, runtimes)
        let decoded: [Result<(ObjectID, DecodedFile), any Error>] = Parallel.map(
            missing, state: { WorkloadReader(limits: limits, runtimes: runtimes) }
        ) { blob, reader in
            Result {
                switch try tree.withBlob(blob, limit: limits.fileSize, { reader.read($0) }) {
                case .value(let file): (blob, file)
                case .tooLarge(let size):
                    (
                        blob,
                        DecodedFile.unread(YAMLReader.tooLarge(size: size, limit: limits.fileSize))
                    )
                }
            }
        }
        for item in decoded {
            let (blob, file) = try item.get()
            result[blob] = file
            parsed[blob] = file
        }
        return result
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
        if index >= files.count || files[index].path != file.path {
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
