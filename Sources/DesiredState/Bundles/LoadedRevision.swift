public import CurfewModel

/// Everything that one revision says, right or wrong; not yet put together.
public struct LoadedRevision: Sendable {
    /// The revision.
    public var revision: ObjectID
    /// Its bundles by name.
    public var bundles: [Name: LoadedBundle]
    /// What is wrong outside bundles: in `policies/` and `grants/`, folder names that cannot be bundles, no `manifests/`.
    public var diagnostics: [Diagnostic]
    /// There is no folder `manifests/`: an accident until proven otherwise, so that every bundle is held.
    public var lacksManifests: Bool

    /// Makes a revision.
    public init(
        revision: ObjectID, bundles: [Name: LoadedBundle] = [:], diagnostics: [Diagnostic] = [], lacksManifests: Bool = false
    ) {
        (self.revision, self.bundles, self.diagnostics) = (revision, bundles, diagnostics)
        self.lacksManifests = lacksManifests
    }

    /// Everything that is wrong, by file, line and column.
    public var allDiagnostics: [Diagnostic] { (diagnostics + bundles.values.flatMap(\.diagnostics)).inOrder }
}

/// One bundle of one revision.
public struct LoadedBundle: Sendable {
    /// Its folder's name, or `default`.
    public var name: Name
    /// The revision that it was loaded from.
    public var revision: ObjectID
    /// The Git tree that its manifests lie in.
    public var tree: ObjectID
    /// The workloads that could be read, in path order; not to be used while ``isGood`` is false.
    public var workloads: [LoadedWorkload]
    /// What is wrong in it.
    public var diagnostics: [Diagnostic]
    /// Names of documents that are wrong, with their places.
    var broken: [(name: Name, file: String, position: Position)] = []
    /// There may be documents whose names nobody knows.
    var unreadable = false
    /// It uses something that the service's configuration does not allow it.
    public var isForbidden = false
    /// Images by tag whose digest nobody knows: each is an error of its own.
    public var unresolved: [ImageTag] = []
    /// What it was made of.
    var files: [FileResult] = []

    /// The paths outside its own folder, or in it, that its documents name, wrong ones too: artifacts and encrypted files.
    public var paths: [RepositoryPath] {
        files.flatMap { $0.decoded.artifactPaths + $0.decoded.workloads.flatMap(\.paths) }
    }

    /// Whether it can be applied, as far as it can be judged alone.
    public var isGood: Bool { !diagnostics.contains { $0.severity == .error } }
}

/// One workload with the places that later errors point at. Copying it is cheap.
public struct LoadedWorkload: Sendable, Hashable {
    /// What does not depend on the revision that it was read from.
    final class Content: Sendable {
        let desired: DesiredWorkload
        let file: String
        let decoded: DecodedWorkload
        init(desired: DesiredWorkload, file: String, decoded: DecodedWorkload) {
            (self.desired, self.file, self.decoded) = (desired, file, decoded)
        }
    }
    let content: Content
    /// The revision that it was loaded from.
    public let revision: ObjectID

    init(_ content: Content, revision: ObjectID) { (self.content, self.revision) = (content, revision) }

    /// The workload with its generation.
    public var desired: DesiredWorkload {
        var desired = content.desired
        desired.revision = revision
        return desired
    }
    /// Its name.
    public var name: Name { content.desired.workload.name }
    /// Path in the repository.
    public var file: String { content.file }
    /// Line of `metadata.name`, from 1.
    public var line: Int { content.decoded.position.line }
    /// Column of `metadata.name` in characters, from 1.
    public var column: Int { content.decoded.position.column }

    /// An error about the item `index` of `dependsOn`.
    func dependencyError(_ index: Int, _ message: String) -> Diagnostic {
        let place = content.decoded.dependsOn[index]
        return Diagnostic(file: file, line: place.line, column: place.column, message)
    }

    public static func == (left: LoadedWorkload, right: LoadedWorkload) -> Bool {
        left.revision == right.revision
            && (left.content === right.content
                || left.content.desired == right.content.desired && left.file == right.file && left.line == right.line
                    && left.column == right.column)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(revision)
        hasher.combine(content.desired.generation)
    }
}

extension [Diagnostic] {
    /// By file, line and column.
    var inOrder: [Diagnostic] {
        sorted { ($0.file, $0.line, $0.column, $0.message) < ($1.file, $1.line, $1.column, $1.message) }
    }
}

extension Diagnostic {
    init(_ problem: Problem, file: String) {
        self.init(
            problem.severity == .error ? .error : .warning, file: file, line: problem.position.line,
            column: problem.position.column, problem.message)
    }
}
