internal import CurfewModel

/// The states of artifacts of one bundle in one revision.
struct ArtifactStates {
    let lookup: TreeLookup
    private(set) var known: [RepositoryPath: ArtifactState] = [:]
    private var latest: (path: RepositoryPath, state: ArtifactState)?

    init(lookup: TreeLookup) { self.lookup = lookup }

    mutating func state(of path: RepositoryPath) throws -> ArtifactState {
        if let latest, latest.path == path { return latest.state }
        let state = try known[path] ?? ArtifactState(lookup.entry(at: path))
        known[path] = state
        latest = (path, state)
        return state
    }

    /// Whether the artifacts of a file are what they were, and what is known of its images.
    mutating func areStill(_ file: FileResult, _ tags: ImageTags?) throws -> Bool {
        guard file.tags.allSatisfy({ tags?[$0.tag] == $0.state }) else { return false }
        var index = 0
        for workload in file.decoded.workloads {
            for path in workload.paths {
                guard index < file.artifacts.count, try state(of: path) == file.artifacts[index] else { return false }
                index += 1
            }
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
struct Earlier {
    private let files: [FileResult]
    private var next = 0
    private var byPath: [RepositoryPath: Int]?

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
