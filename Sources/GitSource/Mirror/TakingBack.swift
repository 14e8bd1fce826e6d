internal import CLibGit2
import CurfewModel

/// Takes the way from one tree to another back in a third one, path by path. What the third one does not have any more as the
/// way left it is merged line by line; a file that was not touched on the way is not read. Names are bytes, and everything
/// outside the scope stays as it is.
struct TakingBack {
    let scope: PathScope
    let files: GitTree
    let repository: OpaquePointer
    /// Where later commits changed the same lines.
    private(set) var conflicts: [RepositoryPath] = []
    private var visited = 0
    /// Most folders that are looked into, and how deep they may lie.
    private static let mostFolders = 100_000
    private static let mostLevels = 200
    /// Most bytes of a file that is merged line by line.
    private static let longestFile = 4 << 20

    init(scope: PathScope, files: GitTree, repository: OpaquePointer) {
        (self.scope, self.files, self.repository) = (scope, files, repository)
    }

    /// The folder `current` without what leads from `old` to `new`; `nil` when nothing is left of it.
    mutating func folder(
        from new: ObjectID?, to old: ObjectID?, in current: ObjectID?, path: RepositoryPath, depth: Int
    ) throws -> ObjectID? {
        guard new != old else { return current }
        visited += 1
        guard depth < Self.mostLevels, visited <= Self.mostFolders else {
            throw GitError(.conflict, operation: "revert", subject: path.shown, "it changes too many folders, or too deep ones")
        }
        let (left, right, here) = (try entries(new), try entries(old), try entries(current))
        var edits: [(name: FileName, entry: FileEntry?)] = []
        for name in Set(left.keys).union(right.keys).sorted() where left[name] != right[name] {
            let result = try entry(
                from: left[name], to: right[name], in: here[name], path: path.appending(name), depth: depth)
            if result != here[name] { edits.append((name, result)) }
        }
        guard !edits.isEmpty else { return current }
        let edited = try Mirror.edit(repository, current) { builder in
            // Those that go first: a file may take the place of a folder.
            for edit in edits where edit.entry == nil || here[edit.name] != nil {
                try edit.name.withCName { name in
                    if git_treebuilder_get(builder, name) != nil {
                        try LibGit2.check(git_treebuilder_remove(builder, name), "edit", path.shown)
                    }
                }
            }
            for edit in edits {
                guard let entry = edit.entry else { continue }
                var oid = git_oid(entry.id)
                try edit.name.withCName { name in
                    try LibGit2.check(
                        git_treebuilder_insert(nil, builder, name, &oid, entry.kind.mode), "edit", path.shown)
                }
            }
        }
        return edited.isEmpty ? nil : edited.id
    }

    private func entries(_ folder: ObjectID?) throws -> [FileName: FileEntry] {
        guard let folder else { return [:] }
        return Dictionary(try files.entries(of: folder).map { ($0.name, $0) }) { first, _ in first }
    }

    /// What becomes of one name of a folder.
    private mutating func entry(
        from new: FileEntry?, to old: FileEntry?, in current: FileEntry?, path: RepositoryPath, depth: Int
    ) throws -> FileEntry? {
        func folder(_ entry: FileEntry?) -> ObjectID? { entry.flatMap { $0.kind == .folder ? $0.id : nil } }
        func file(_ entry: FileEntry?) -> FileEntry? { entry.flatMap { $0.kind == .folder ? nil : $0 } }
        let below = try self.folder(
            from: folder(new), to: folder(old), in: folder(current), path: path, depth: depth + 1)
        let own = try scope.contains(path) ? self.file(from: file(new), to: file(old), in: file(current), path) : file(current)
        guard let below else { return own }
        guard own == nil else {
            conflicts.append(path)
            return current
        }
        return FileEntry(name: path.last ?? "", kind: .folder, id: below)
    }

    private mutating func file(from new: FileEntry?, to old: FileEntry?, in current: FileEntry?, _ path: RepositoryPath) throws
        -> FileEntry?
    {
        if new == old || current == old { return current }
        if current == new { return old }
        if let new, let old, let current, let merged = try merged(from: new, to: old, in: current) {
            return FileEntry(name: current.name, kind: current.kind, id: merged)
        }
        conflicts.append(path)
        return current
    }

    /// The lines of three plain files put together; `nil` = they contradict each other.
    private func merged(from new: FileEntry, to old: FileEntry, in current: FileEntry) throws -> ObjectID? {
        let entries = [new, current, old]
        guard entries.allSatisfy({ $0.kind == .file }) || entries.allSatisfy({ $0.kind == .executable }) else { return nil }
        var texts: [[UInt8]] = []
        for entry in entries {
            let read = try files.withBlob(entry.id, limit: Self.longestFile, { Array($0) })
            guard case .value(let bytes) = read, !bytes.contains(0) else { return nil }
            texts.append(bytes)
        }
        return try texts[0].withUnsafeBytes { ancestor in
            try texts[1].withUnsafeBytes { ours in
                try texts[2].withUnsafeBytes { theirs in try merge(ancestor, ours, theirs) }
            }
        }
    }

    private func merge(
        _ ancestor: UnsafeRawBufferPointer, _ ours: UnsafeRawBufferPointer, _ theirs: UnsafeRawBufferPointer
    ) throws -> ObjectID? {
        func input(_ bytes: UnsafeRawBufferPointer) -> git_merge_file_input {
            var input = git_merge_file_input()
            git_merge_file_input_init(&input, UInt32(GIT_MERGE_FILE_INPUT_VERSION))
            input.ptr = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            input.size = bytes.count
            return input
        }
        var (first, second, third) = (input(ancestor), input(ours), input(theirs))
        var result = git_merge_file_result()
        try LibGit2.check(git_merge_file(&result, &first, &second, &third, nil), "merge", "a file")
        defer { git_merge_file_result_free(&result) }
        guard result.automergeable == 1 else { return nil }
        var oid = git_oid()
        try LibGit2.check(git_blob_create_from_buffer(&oid, repository, result.ptr, result.len), "write", "a file")
        return ObjectID(oid)
    }
}

extension FileName {
    /// Lends it as C wants it.
    func withCName<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        try (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { try body($0.baseAddress.unsafelyUnwrapped) }
    }
}

extension FileEntry.Kind {
    /// How Git writes it.
    fileprivate var mode: git_filemode_t {
        switch self {
        case .file: GIT_FILEMODE_BLOB
        case .executable: GIT_FILEMODE_BLOB_EXECUTABLE
        case .symlink: GIT_FILEMODE_LINK
        case .folder: GIT_FILEMODE_TREE
        case .submodule: GIT_FILEMODE_COMMIT
        }
    }
}
