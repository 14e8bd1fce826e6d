import CurfewModel

/// What differs between two trees; only folders that differ are read.
///
/// The newer tree has to be canonical wherever it differs: what is not is a problem of the commit. The older one was judged
/// before, or an owner has accepted it as it is: it is read as well as it can be.
struct TreeChanges {
    private let files: GitTree
    private(set) var changes: [PathChange] = []
    /// What of the newer tree cannot be judged, at most ten lines.
    private(set) var problems: [String] = []
    /// Whether one of these is only that an object is not here.
    private(set) var lacksObjects = false
    /// Folders that were read: a few small trees that contain each other ten times over are a billion folders.
    private var visited = 0
    /// Most changes of one commit.
    static let limit = 100_000

    init(_ files: GitTree) { self.files = files }

    mutating func compare(_ old: ObjectID?, _ new: ObjectID?, _ folder: RepositoryPath = .root, depth: Int = 0) throws {
        guard old != new, problems.count < 10 else { return }
        guard depth < 200 else { return note("folders are nested more than 200 deep") }
        visited += 1
        guard visited <= Self.limit else { return note("it changes more than \(Self.limit) folders") }
        var before: [FileName: [FileEntry]] = [:]
        for entry in try entries(of: old, folder, isNew: false) { before[entry.name, default: []].append(entry) }
        for entry in try entries(of: new, folder, isNew: true) {
            // More than one only in a tree that an owner has accepted although it is not canonical: each counts.
            let was = before.removeValue(forKey: entry.name) ?? []
            let path = folder.appending(entry.name)
            if was.isEmpty { try take(nil, entry, path, depth) }
            for old in was where old.id != entry.id || old.kind != entry.kind { try take(old, entry, path, depth) }
        }
        for (name, entries) in before.sorted(by: { $0.key < $1.key }) {
            for entry in entries { try take(entry, nil, folder.appending(name), depth) }
        }
    }

    private mutating func entries(of tree: ObjectID?, _ folder: RepositoryPath, isNew: Bool) throws -> [FileEntry] {
        guard let tree else { return [] }
        do {
            let object = try files.object(tree)
            if isNew, let problem = object.problem { note("the tree of \(Self.name(folder)) cannot be judged: \(problem)") }
            return object.entries
        } catch let error as GitError where error.code == .missingObject || error.code == .corrupt {
            guard isNew else { return [] }
            if error.code == .missingObject { lacksObjects = true }
            note("the tree of \(Self.name(folder)) cannot be read: \(error.message)")
            return []
        }
    }

    private static func name(_ folder: RepositoryPath) -> String { folder == .root ? "the root" : "'\(folder)'" }

    private mutating func note(_ problem: String) {
        if problems.count < 10 { problems.append(problem) }
    }

    private mutating func take(_ old: FileEntry?, _ new: FileEntry?, _ path: RepositoryPath, _ depth: Int) throws {
        let oldFolder = old?.kind == .folder ? old?.id : nil
        let newFolder = new?.kind == .folder ? new?.id : nil
        if oldFolder != nil || newFolder != nil { try compare(oldFolder, newFolder, path, depth: depth + 1) }
        let oldFile = oldFolder == nil ? old : nil
        let newFile = newFolder == nil ? new : nil
        guard oldFile != nil || newFile != nil else { return }
        guard changes.count < Self.limit else { return note("it changes more than \(Self.limit) files") }
        let isPlain = newFile.map { $0.kind == .file || $0.kind == .executable } ?? true
        changes.append(PathChange(path: path, old: oldFile?.id, new: newFile?.id, isPlain: isPlain))
    }
}
