internal import CurfewModel

/// One file of a bundle at one path, with its artifacts looked up.
final class FileResult: Sendable {
    let folder: RepositoryPath
    let name: FileName
    let path: RepositoryPath
    /// The path as people read it.
    let shown: String
    let blob: ObjectID
    let decoded: DecodedFile
    /// State of the artifact paths of its workloads, in their order.
    let artifacts: [ArtifactState]
    /// What was known of the images that it names by tag.
    let tags: [(tag: ImageTag, state: ImageTags.State?)]
    let contents: [LoadedWorkload.Content]
    let diagnostics: [Diagnostic]
    /// Something in it is not allowed for its bundle.
    let isForbidden: Bool

    init(
        _ file: FoundFile, _ decoded: DecodedFile, artifacts: [ArtifactState], tags: ImageTags? = nil, bundle: Name,
        powers: BundlePowers? = nil, hasher: GenerationHasher
    ) {
        (folder, name, path, blob) = (file.folder, file.name, file.path, file.blob)
        (self.decoded, self.artifacts) = (decoded, artifacts)
        let (place, path) = (path, path.shown)
        shown = path
        var diagnostics = decoded.problems.map { Diagnostic($0, file: path) }
        var contents: [LoadedWorkload.Content] = []
        var states = artifacts.makeIterator()
        var known: [(tag: ImageTag, state: ImageTags.State?)] = []
        var denied: [Diagnostic] = []
        for item in decoded.workloads {
            if let powers { denied += item.uses.compactMap { powers.diagnostic(of: $0, in: path) } }
            var workload = item.workload
            if let artifact = item.artifactPath {
                let state = states.next() ?? .missing
                if let reason = Self.fault(artifact.path, state, manifest: place) {
                    diagnostics.append(
                        Diagnostic(
                            file: path, line: artifact.position.line, column: artifact.position.column,
                            "artifact.path '\(artifact.path)' \(reason)"))
                } else if case .folder(let id) = state {
                    workload.artifact = .tree(path: String(decoding: artifact.path.bytes, as: UTF8.self), id: id)
                }
            }
            for (index, secret) in workload.secrets.enumerated() {
                guard case .age(let source, _) = secret.source else { continue }
                let state = states.next() ?? .missing
                if case .file(let id) = state {
                    workload.secrets[index].source = .age(path: source, id: id)
                } else {
                    let place = item.agePaths.first { $0.path == RepositoryPath(source) }?.position ?? item.position
                    diagnostics.append(
                        Diagnostic(
                            file: path, line: place.line, column: place.column,
                            "age '\(source)' is no file in this revision (paths begin at the repository's root)"))
                }
            }
            if let tags, let written = item.tag {
                let tag = ImageTag(runtime: workload.runtime, reference: written.reference, blob: file.blob)
                let state = tags[tag]
                known.append((tag, state))
                if case .pinned(let reference)? = state {
                    workload.artifact = .image(reference)
                } else {
                    diagnostics.append(Self.unresolved(written.reference, state, file: path, at: written.position))
                }
            }
            guard let digest = hasher.generation(of: workload) else { continue }
            let desired = DesiredWorkload(
                workload: workload, generation: digest.generation, parts: digest.parts, bundle: bundle, revision: .none)
            contents.append(LoadedWorkload.Content(desired: desired, file: path, decoded: item))
        }
        isForbidden = denied.contains { $0.severity == .error }
        (self.contents, self.diagnostics, self.tags) = (contents, diagnostics + denied, known)
    }

    /// Stands in a list for a result that is being made.
    static let pending = FileResult(
        FoundFile(folder: .root, name: "", blob: .none), .unread(""), artifacts: [], bundle: DesiredStateLoader.defaultBundle,
        hasher: GenerationHasher())

    private static func unresolved(_ reference: String, _ state: ImageTags.State?, file: String, at place: Position)
        -> Diagnostic
    {
        let why =
            if case .failed(let reason)? = state { "its digest is not known: \(reason)" } else {
                "its digest is being looked up"
            }
        return Diagnostic(file: file, line: place.line, column: place.column, "artifact.image '\(reference)': \(why)")
    }

    private static func fault(_ path: RepositoryPath, _ state: ArtifactState, manifest: RepositoryPath) -> String? {
        if manifest.isBelow(path) {
            return "contains this manifest itself; put the artifact's files in a folder of their own"
        }
        return switch state {
        case .folder: nil
        case .missing: "is not there in this revision (paths begin at the repository's root)"
        case .file: "is a file; it has to be a folder"
        case .other(let what): "is \(what); it has to be a folder"
        }
    }
}
