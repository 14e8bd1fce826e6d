internal import CurfewModel

/// Looks paths up in one revision and remembers what it saw, for the length of one load.
final class TreeLookup {
    let tree: any FileTree
    private var folders: [ObjectID: [FileName: FileEntry]] = [:]
    private var found: [RepositoryPath: FileEntry?] = [:]

    init(_ tree: any FileTree) { self.tree = tree }

    /// The entry at `path`; never follows a symlink.
    func entry(at path: RepositoryPath) throws -> FileEntry? {
        if let known = found[path] { return known }
        var current = FileEntry(name: "", kind: .folder, id: tree.root)
        for component in path.names where !component.bytes.isEmpty {
            guard current.kind == .folder, let next = try names(in: current.id)[component] else {
                found[path] = .some(nil)
                return nil
            }
            current = next
        }
        found[path] = current
        return current
    }

    private func names(in folder: ObjectID) throws -> [FileName: FileEntry] {
        if let known = folders[folder] { return known }
        let entries = try tree.entries(of: folder)
        let names = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        folders[folder] = names
        return names
    }
}

/// A file of manifests that has been found. Its path is put together only when somebody needs it: for ten thousand
/// files that did not change nobody does.
struct FoundFile: Sendable {
    var folder: RepositoryPath
    var name: FileName
    var blob: ObjectID

    var path: RepositoryPath { folder.appending(name) }
}

/// Walks the folders of one bundle level by level, so that an artifact's folder is known before it would be entered.
struct TreeWalk {
    /// Entries that are looked at in one bundle, and levels of folders: a Git tree can name itself a million times over.
    static let entryLimit = 100_000
    static let depthLimit = 32

    private(set) var diagnostics: [Diagnostic] = []
    /// Folders that were read.
    private(set) var folders: [RepositoryPath] = []
    private var level: [(path: RepositoryPath, tree: ObjectID)]
    private var next: [(path: RepositoryPath, tree: ObjectID)] = []
    private var seen = 0
    private var depth = 0
    /// Folders below the first level are left out (the bundle `default`).
    private let shallow: Bool
    /// Every name has to be a plain one, not those of manifests alone: among manifests there may be artifacts.
    private let strict: Bool

    init(_ folder: RepositoryPath, _ tree: ObjectID, shallow: Bool, strict: Bool = false) {
        level = [(folder, tree)]
        (self.shallow, self.strict) = (shallow, strict)
    }

    static func isManifest(_ name: FileName) -> Bool { name.ends(with: ".yaml") || name.ends(with: ".yml") }

    /// What is said of a name that may not be.
    static let oddName =
        "the names of policies, grants and manifests, and of the folders that they lie in, are made of A-Z, a-z, 0-9, '.', '_' and '-' alone; rename it"

    /// The files of the next level, `nil` when there is none. Folders of `artifacts` are not entered.
    mutating func files(in tree: any FileTree, artifacts: Set<RepositoryPath>) throws -> [FoundFile]? {
        if depth > 0 {
            level = next.filter { !artifacts.contains($0.path) }
            next = []
        }
        guard !level.isEmpty else { return nil }
        depth += 1
        guard depth <= Self.depthLimit else {
            diagnostics.append(
                Diagnostic(file: level[0].path.shown, "folders are nested deeper than \(Self.depthLimit) levels"))
            level = []
            return nil
        }
        var files: [FoundFile] = []
        for (folder, id) in level {
            folders.append(folder)
            for entry in try tree.entries(of: id) {
                seen += 1
                if seen > Self.entryLimit {
                    diagnostics.append(
                        Diagnostic(file: folder.shown, "the bundle has more than \(Self.entryLimit) files and folders"))
                    (level, next) = ([], [])
                    return files
                }
                let isFile = entry.kind == .file || entry.kind == .executable
                if !entry.name.isPlain, strict || Self.isManifest(entry.name) {
                    diagnostics.append(Diagnostic(file: folder.appending(entry.name).shown, Self.oddName))
                } else if isFile {
                    if Self.isManifest(entry.name) {
                        files.append(FoundFile(folder: folder, name: entry.name, blob: entry.id))
                    }
                } else {
                    take(entry, at: folder.appending(entry.name))
                }
            }
        }
        return files
    }

    private mutating func take(_ entry: FileEntry, at path: RepositoryPath) {
        switch entry.kind {
        case .file, .executable: break
        case .folder: if !shallow { next.append((path, entry.id)) }
        case .symlink:
            if Self.isManifest(entry.name) {
                diagnostics.append(Diagnostic(file: path.shown, "a symbolic link is never followed; put the file itself here"))
            }
        case .submodule:
            if !shallow || Self.isManifest(entry.name) {
                diagnostics.append(Diagnostic(file: path.shown, "a submodule is never fetched; put the files themselves here"))
            }
        }
    }
}
