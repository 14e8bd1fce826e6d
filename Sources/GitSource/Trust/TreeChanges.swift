import CurfewModel

/// What differs between two trees; only folders that differ are read.
struct TreeChanges {
    let files: any FileTree
    private(set) var changes: [PathChange] = []
    /// Folders that were looked into: a few small trees that contain each other ten times over are a billion folders.
    private var visited = 0
    /// Most changes of one commit that are looked at.
    static let limit = 100_000

    init(_ files: any FileTree) { self.files = files }

    mutating func compare(_ old: ObjectID?, _ new: ObjectID?, _ folder: String = "", depth: Int = 0) throws {
        guard old != new else { return }
        guard depth < 200 else { throw tooMuch("folders are nested more than 200 deep") }
        visited += 1
        guard visited <= Self.limit else { throw tooMuch("it changes more than \(Self.limit) folders") }
        var before: [String: FileEntry] = [:]
        for entry in try old.map({ try files.entries(of: $0) }) ?? [] { before[entry.name] = entry }
        for entry in try new.map({ try files.entries(of: $0) }) ?? [] {
            let was = before.removeValue(forKey: entry.name)
            guard was?.id != entry.id || was?.kind != entry.kind else { continue }
            try take(was, entry, folder.isEmpty ? entry.name : "\(folder)/\(entry.name)", depth)
        }
        for (name, entry) in before.sorted(by: { $0.key < $1.key }) {
            try take(entry, nil, folder.isEmpty ? name : "\(folder)/\(name)", depth)
        }
    }

    private mutating func take(_ old: FileEntry?, _ new: FileEntry?, _ path: String, _ depth: Int) throws {
        let oldFolder = old?.kind == .folder ? old?.id : nil
        let newFolder = new?.kind == .folder ? new?.id : nil
        if oldFolder != nil || newFolder != nil { try compare(oldFolder, newFolder, path, depth: depth + 1) }
        let oldFile = oldFolder == nil ? old : nil
        let newFile = newFolder == nil ? new : nil
        guard oldFile != nil || newFile != nil else { return }
        guard changes.count < Self.limit else { throw tooMuch("it changes more than \(Self.limit) files") }
        let isPlain = newFile.map { $0.kind == .file || $0.kind == .executable } ?? true
        changes.append(PathChange(path: path, old: oldFile?.id, new: newFile?.id, isPlain: isPlain))
    }

    private func tooMuch(_ why: String) -> GitError {
        GitError(.invalid, operation: "compare", subject: "the commit with its parent", why)
    }
}
