internal import CurfewModel

/// A Workload as its file alone tells it: the artifact's path has not been looked up in a revision yet.
/// A class, because ten thousand of them are handed on at every load of one changed file.
final class DecodedWorkload: Sendable {
    let workload: Workload
    /// Where `metadata.name` stands.
    let position: Position
    /// Where each item of `dependsOn` stands, in its order.
    let dependsOn: [Position]
    /// Where `expose` of each port stands, in the order of ports; 0:0 for ports without.
    let expose: [Position]
    /// `artifact.path`, with its place; the workload's artifact is a placeholder then.
    let artifactPath: (path: RepositoryPath, position: Position)?
    /// Encrypted files of the repository that its secrets name, in their order.
    let agePaths: [(path: RepositoryPath, position: Position)]
    /// `artifact.image` when it names a tag and no digest.
    let tag: (reference: String, position: Position)?
    /// What it asks for that is not every bundle's to have.
    let uses: [PowerUse]

    init(
        _ workload: Workload, position: Position, dependsOn: [Position], expose: [Position],
        artifactPath: (path: RepositoryPath, position: Position)?, agePaths: [(path: RepositoryPath, position: Position)] = [],
        tag: (reference: String, position: Position)? = nil, uses: [PowerUse] = []
    ) {
        self.uses = uses
        self.workload = workload
        self.position = position
        self.dependsOn = dependsOn
        self.expose = expose
        self.artifactPath = artifactPath
        self.agePaths = agePaths
        self.tag = tag
    }

    /// Every path of the repository that the workload depends on: the artifact's first.
    var paths: [RepositoryPath] { (artifactPath.map { [$0.path] } ?? []) + agePaths.map(\.path) }
}

/// What one file of `manifests/` says, whatever its path.
final class DecodedFile: Sendable {
    /// A document that has a name and is wrong.
    struct Broken: Sendable {
        var name: Name
        var position: Position
    }
    let workloads: [DecodedWorkload]
    /// Names of the documents that cannot be used: known, so that references to them are no errors of their own.
    let broken: [Broken]
    /// Artifact paths of broken documents too: their folders are no manifests either.
    let artifactPaths: [RepositoryPath]
    /// There may be documents whose names nobody knows.
    let unreadable: Bool
    let problems: [Problem]

    init(workloads: [DecodedWorkload], broken: [Broken], artifactPaths: [RepositoryPath], unreadable: Bool, problems: [Problem])
    {
        self.workloads = workloads
        self.broken = broken
        self.artifactPaths = artifactPaths
        self.unreadable = unreadable
        self.problems = problems
    }
}
