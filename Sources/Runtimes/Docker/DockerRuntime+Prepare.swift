import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel

extension DockerRuntime {
    /// Pulls the image, or builds the one of a folder; at most once at a time for each.
    public func prepare(_ workload: DesiredWorkload) async throws {
        let artifact = workload.workload.artifact
        let key = artifact.digest
        if let task = preparing[key] { return try await task.value }
        let task = Task { try await fetch(artifact) }
        preparing[key] = task
        defer { preparing[key] = nil }
        try await task.value
    }

    private func fetch(_ artifact: Artifact) async throws {
        switch artifact {
        case .tree(let path, let id):
            guard let trees, let base = configuration.base else {
                throw DriverError(
                    .unsupported, operation: "prepare", subject: path,
                    "runtime \(name) names no 'base' image to put a folder on")
            }
            try await pull(base)
            try await translating("build the image of", path) { try await trees.prepare(id, on: client) }
        case .image(let reference): try await pull(reference)
        case .url(let url, _):
            throw DriverError(.unsupported, operation: "prepare", subject: url.escapingControls, "runtime \(name) runs images")
        case .none: throw DriverError(.unsupported, operation: "prepare", subject: name.rawValue, "an image is needed")
        }
    }

    private func pull(_ reference: String) async throws {
        do {
            _ = try await client.image(reference)
            return
        } catch let error as DockerError where error.isNotFound {} catch {
            throw Self.driverError(error, "look for image", reference)
        }
        guard !reference.hasPrefix("sha256:") else {
            throw DriverError(
                .badArtifact, operation: "look for image", subject: reference, "the engine has no image of that id")
        }
        let login = try credentials.login(for: reference)
        var told = ContinuousClock.now
        do {
            try await client.pull(reference, authorization: login?.header) { progress in
                // A sign of life now and then, for the status.
                guard ContinuousClock.now - told > .seconds(2) else { return }
                told = .now
                let size = progress.total.map { " of \($0 >> 20) MiB" } ?? ""
                self.report.yield(
                    RuntimeEvent(
                        runtime: self.name,
                        detail: "pulling \(reference): \(progress.status) \((progress.done ?? 0) >> 20)\(size)"))
            }
        } catch let error as DockerError where error.code == .refused {
            let hint =
                error.message.contains("unauthorized") || error.message.contains("denied")
                    || error.message.contains("basic auth")
                ? login == nil ? "; name a file with a login in the runtime's 'credentials'" : "; the login was refused" : ""
            throw DriverError(.badArtifact, operation: "pull", subject: reference, error.message + hint)
        } catch { throw Self.driverError(error, "pull", reference) }
    }

    public func collectGarbage(keeping artifacts: Set<String>) async throws -> Int {
        try await translating("collect garbage", "\(client.endpoint)") {
            var count = 0
            for image in try await client.images(label: ContainerMark.kind + "=image") {
                let tree = image.Labels?[ContainerMark.prefix + "tree"]
                guard tree.map({ !artifacts.contains($0) }) ?? true else { continue }
                do {
                    for tag in image.RepoTags ?? [] where tag.hasPrefix(TreeImages.repository + ":") {
                        try await client.removeImage(tag)
                    }
                    count += 1
                } catch let error as DockerError where error.isConflict { continue }
            }
            return count
        }
    }
}
