internal import CurfewModel

/// Looks paths up in one revision and remembers what it saw, for the length of one load.
final class TreeLookup {
    let tree: any FileTree
    private var folders: [ObjectID: [String: FileEntry]] = [:]
    private var found: [String: FileEntry?] = [:]

    init(_ tree: any FileTree) { self.tree = tree }

    /// The entry at `path`; never follows a symlink.
    func entry(at path: String) throws -> FileEntry? {
        if let known = found[path] { return known }
        var current = FileEntry(name: "", kind: .folder, id: tree.root)
        for component in path.split(separator: "/", omittingEmptySubsequences: true) {
            guard current.kind == .folder, let next = try names(in: current.id)[String(component)] else {
                found[path] = .some(nil)
                return nil
            }
            current = next
        }
        found[path] = current
        return current
    }

    private func names(in folder: ObjectID) throws -> [String: FileEntry] {
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
    var folder: String
    var name: String
    var blob: ObjectID

    var path: String { folder + "/" + name }
}

/// Walks the folders of one bundle level by level, so that an artifact's folder is known before it would be entered.
struct TreeWalk {
    /// Entries that are looked at in one bundle, and levels of folders: a Git tree can name itself a million times over.
    static let entryLimit = 100_000
    static let depthLimit = 32

    private(set) var diagnostics: [Diagnostic] = []
    /// Folders that were read.
    private(set) var folders: [String] = []
    private var level: [(path: String, tree: ObjectID)]
    private var next: [(path: String, tree: ObjectID)] = []
    private var seen = 0
    private var depth = 0
    /// Folders below the first level are left out (the bundle `default`).
    private let shallow: Bool

    init(_ folder: String, _ tree: ObjectID, shallow: Bool) {
        level = [(folder, tree)]
        self.shallow = shallow
    }

    static func isManifest(_ name: String) -> Bool { name.hasSuffix(".yaml") || name.hasSuffix(".yml") }

    /// The files of the next level, `nil` when there is none. Folders of `artifacts` are not entered.
    mutating func files(in tree: any FileTree, artifacts: Set<String>) throws -> [FoundFile]? {
        if depth > 0 {
            level = next.filter { !artifacts.contains($0.path) }
            next = []
        }
        guard !level.isEmpty else { return nil }
        depth += 1
        guard depth <= Self.depthLimit else {
            diagnostics.append(Diagnostic(file: level[0].path, "folders are nested deeper than \(Self.depthLimit) levels"))
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
                        Diagnostic(file: folder, "the bundle has more than \(Self.entryLimit) files and folders"))
                    (level, next) = ([], [])
                    return files
                }
                if entry.kind == .file || entry.kind == .executable {
                    if Self.isManifest(entry.name) {
                        files.append(FoundFile(folder: folder, name: entry.name, blob: entry.id))
                    }
                } else {
                    take(entry, at: folder + "/" + entry.name)
                }
            }
        }
        return files
    }

    private mutating func take(_ entry: FileEntry, at path: String) {
        switch entry.kind {
        case .file, .executable: break
        case .folder: if !shallow { next.append((path, entry.id)) }
        case .symlink:
            if Self.isManifest(entry.name) {
                diagnostics.append(Diagnostic(file: path, "a symbolic link is never followed; put the file itself here"))
            }
        case .submodule:
            if !shallow || Self.isManifest(entry.name) {
                diagnostics.append(Diagnostic(file: path, "a submodule is never fetched; put the files themselves here"))
            }
        }
    }
}
