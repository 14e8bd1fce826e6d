internal import CurfewModel

/// What a path of an artifact is in one revision.
enum ArtifactState: Hashable, Sendable {
    case folder(ObjectID)
    case file(ObjectID)
    case missing
    case other(String)

    init(_ entry: FileEntry?) {
        self =
            switch entry?.kind {
            case .folder: .folder(entry?.id ?? ObjectID.none)
            case nil: .missing
            case .file, .executable: .file(entry?.id ?? ObjectID.none)
            case .symlink: .other("a symbolic link, which is never followed")
            case .submodule: .other("a submodule, which is never fetched")
            }
    }
}

extension ObjectID {
    /// Git's null id: names no object.
    static let none = ObjectID(String(repeating: "0", count: 40)) ?? { preconditionFailure("a null id has 40 digits") }()
}

/// A bundle without the revision: shared by all revisions in which its tree and its artifacts are the same.
final class BundleData: Sendable {
    let name: Name
    let tree: ObjectID
    /// What every artifact path was when this was made; it is only good while they are the same.
    let artifacts: [RepositoryPath: ArtifactState]
    let files: [FileResult]
    let contents: [LoadedWorkload.Content]
    let diagnostics: [Diagnostic]
    let broken: [(name: Name, file: String, position: Position)]
    let unreadable: Bool
    /// What was known of images that it names by tag; it is only good while that is the same.
    let tags: [(tag: ImageTag, state: ImageTags.State?)]
    /// Names or ports are used twice.
    let clashes: Bool

    /// - Parameter isUnread: nobody has looked into its files.
    /// - Parameter previous: the bundle before; when the same names and ports stand in the same files, they are not
    ///   compared with each other again.
    init(
        _ name: Name, tree: ObjectID, artifacts: [RepositoryPath: ArtifactState], files: [FileResult],
        diagnostics: [Diagnostic],
        previous: BundleData?, isUnread: Bool = false
    ) {
        (self.name, self.tree, self.artifacts, self.files) = (name, tree, artifacts, files)
        var contents: [LoadedWorkload.Content] = []
        contents.reserveCapacity(files.count)
        var broken: [(name: Name, file: String, position: Position)] = []
        var diagnostics = diagnostics
        var unreadable = isUnread
        var tags: [(tag: ImageTag, state: ImageTags.State?)] = []
        for file in files {
            contents.append(contentsOf: file.contents)
            if !file.diagnostics.isEmpty { diagnostics += file.diagnostics }
            for item in file.decoded.broken { broken.append((item.name, file.shown, item.position)) }
            if file.decoded.unreadable { unreadable = true }
            if !file.tags.isEmpty { tags += file.tags }
        }
        (self.contents, self.broken, self.unreadable, self.tags) = (contents, broken, unreadable, tags)
        var clashes: [Diagnostic] = []
        let same = previous.map { !$0.clashes && Self.claimTheSame(files, $0.files) } ?? false
        if !same { clashes = Self.duplicates(contents, broken) }
        self.clashes = !clashes.isEmpty
        self.diagnostics = diagnostics + clashes
    }

    /// Whether two lists of files claim the same names and ports.
    private static func claimTheSame(_ left: [FileResult], _ right: [FileResult]) -> Bool {
        guard left.count == right.count else { return false }
        for (one, other) in zip(left, right) where one !== other {
            guard one.decoded.broken.isEmpty, other.decoded.broken.isEmpty, one.contents.count == other.contents.count else {
                return false
            }
            for (mine, theirs) in zip(one.contents, other.contents) {
                let (workload, before) = (mine.desired.workload, theirs.desired.workload)
                guard workload.name == before.name, workload.ports.map(\.expose) == before.ports.map(\.expose) else {
                    return false
                }
            }
        }
        return true
    }

    func loaded(at revision: ObjectID) -> LoadedBundle {
        LoadedBundle(
            name: name, revision: revision, tree: tree, workloads: contents.map { LoadedWorkload($0, revision: revision) },
            diagnostics: diagnostics, broken: broken, unreadable: unreadable, isForbidden: files.contains(where: \.isForbidden),
            unresolved: tags.compactMap { if case .pinned? = $0.state { nil } else { $0.tag } }, files: files)
    }

    /// Names and exposed ports that are used twice in this bundle.
    private static func duplicates(
        _ contents: [LoadedWorkload.Content], _ broken: [(name: Name, file: String, position: Position)]
    ) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var names: [Name: (file: String, position: Position)] = [:]
        var ports: [Int: LoadedWorkload.Content] = [:]
        names.reserveCapacity(contents.count + broken.count)
        func define(_ name: Name, _ file: String, _ position: Position) {
            if let first = names[name] {
                diagnostics.append(
                    Diagnostic(
                        file: file, line: position.line, column: position.column,
                        "workload '\(name)' is already defined at \(first.file):\(first.position.line):\(first.position.column)"
                    ))
            } else {
                names[name] = (file, position)
            }
        }
        for content in contents {
            define(content.desired.workload.name, content.file, content.decoded.position)
            for (index, port) in content.desired.workload.ports.enumerated() {
                guard let expose = port.expose else { continue }
                if let first = ports[expose], first !== content {
                    let place = content.decoded.expose[index]
                    diagnostics.append(
                        Diagnostic(
                            file: content.file, line: place.line, column: place.column,
                            "expose \(expose) is already taken by workload '\(first.desired.workload.name)' at \(first.file)"))
                } else {
                    ports[expose] = content
                }
            }
        }
        for item in broken { define(item.name, item.file, item.position) }
        return diagnostics
    }
}
