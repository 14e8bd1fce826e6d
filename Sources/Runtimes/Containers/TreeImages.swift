public import CurfewDockerAPI
public import CurfewDrivers
public import CurfewModel
import CurfewSystem
import Foundation

/// Makes an image of a folder of the repository: a base image with the folder's files in `/app`. Its name is its content,
/// so the same folder is built once.
public struct TreeImages: Sendable {
    /// The repository that such images are tagged in.
    public static let repository = "curfew-tree"
    private let artifacts: any ArtifactSource
    private let base: String
    private let limit: ByteCount
    private let scratch: String

    /// - Parameters:
    ///   - base: an image by digest or id.
    ///   - scratch: a folder for what is being packed.
    public init(artifacts: any ArtifactSource, base: String, limit: ByteCount, scratch: String) {
        (self.artifacts, self.base, self.limit, self.scratch) = (artifacts, base, limit, scratch)
    }

    /// The tag of a folder's image: the tree's id and the beginning of the base's digest.
    public func reference(of tree: ObjectID) -> String {
        let digest = base.split(separator: ":").last.map { String($0.prefix(12)) } ?? ""
        return "\(Self.repository):\(tree.hex)-\(digest)"
    }

    /// Builds it if it is not there.
    /// - Throws: ``DriverError``, ``DockerError``.
    public func prepare(_ tree: ObjectID, on client: DockerClient) async throws {
        let reference = reference(of: tree)
        let labels = [
            ContainerMark.kind: "image", ContainerMark.prefix + "tree": tree.hex, ContainerMark.prefix + "base": base,
        ]
        do {
            let found = try await client.image(reference).Config?.Labels ?? [:]
            // One without our labels was not made here: it loses the name, and the folder is built.
            if labels.allSatisfy({ found[$0.key] == $0.value }) { return }
        } catch let error as DockerError where error.isNotFound {}
        try SmallFile.makeFolder(scratch)
        let folder = "\(scratch)/\(UUID().uuidString.lowercased())"
        try SmallFile.makeFolder(folder + "/app")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await artifacts.checkOut(tree: tree, into: folder + "/app", limit: limit)
        let recipe = "FROM \(base)\nCOPY app /app\nWORKDIR /app\n"
        try SmallFile.replace(folder + "/Dockerfile", Data(recipe.utf8))
        let archive = folder + ".tar"
        defer { try? FileManager.default.removeItem(atPath: archive) }
        let tar = Program(
            "tar",
            [
                "--create", "--file", archive, "--directory", folder, "--owner=0", "--group=0", "--numeric-owner",
                "--sort=name",
                "--mtime=@0", "--mode=a+rX,go-w", "Dockerfile", "app",
            ], hint: "install it with: apt-get install tar")
        let result: Program.Result
        do { result = try await tar.run(within: .seconds(600)) } catch {
            throw DriverError(.storage, operation: "pack", subject: tree.short, error.message)
        }
        guard result.isSuccess else {
            throw DriverError(.storage, operation: "pack", subject: tree.short, result.complaint.escapingControls)
        }
        let data = try Data(contentsOf: URL(filePath: archive), options: .mappedIfSafe)
        let id = try await client.build(data, labels: labels)
        try await client.tag(id, repository: Self.repository, tag: String(reference.dropFirst(Self.repository.count + 1)))
    }
}
