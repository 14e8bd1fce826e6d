import CurfewContainers
import CurfewDockerAPI
import CurfewDrivers
public import CurfewModel
import Foundation

extension SwarmRuntime {
    /// Asks the registry for the image, through a manager: the nodes pull it themselves. Only a clear no is one; whoever
    /// has the image need not reach the registry.
    public func prepare(_ workload: DesiredWorkload) async throws {
        guard case .image(let reference) = workload.workload.artifact, let at = reference.firstIndex(of: "@"),
            at != reference.startIndex
        else {
            throw DriverError(
                .unsupported, operation: "prepare", subject: workload.workload.name.rawValue,
                "the nodes of a swarm pull their images: an image by digest is needed, such as registry/app@sha256:…")
        }
        guard !confirmed.contains(reference), !isRunning(reference) else { return }
        let login = try credentials.login(for: reference)
        do {
            try await pool.ask("ask the registry") {
                try await $0.askRegistry(for: reference, authorization: login?.header)
            }
            confirmed.insert(reference)
        } catch let error as DockerError where error.code == .refused {
            // Engines answer 500 for some of them.
            let isDenied = ["unauthorized", "denied", "basic auth"].contains { error.message.contains($0) }
            guard isDenied || [401, 403, 404].contains(error.status) else { return }
            let hint =
                !isDenied
                ? "" : login == nil ? "; name a file with a login in the runtime's 'credentials'" : "; the login was refused"
            throw DriverError(.badArtifact, operation: "look for image", subject: reference, error.message + hint)
        } catch { throw Self.driverError(error, "look for image", reference) }
    }

    private func isRunning(_ reference: String) -> Bool {
        written.values.contains {
            (try? JSONDecoder().decode(ServiceSpec.self, from: $0.document))?.TaskTemplate.ContainerSpec.Image == reference
        }
    }

    /// The secrets of a workload, as secrets of the swarm, named by their content: one that changes is another one.
    func secrets(of workload: Workload) async throws -> [ServiceContainer.Secret] {
        var result: [ServiceContainer.Secret] = []
        // A name would mean another user on another node's image; without a number everybody in the container may read.
        let user = workload.container.user?.split(separator: ":").first.flatMap { UInt32($0) }
        for secret in workload.secrets {
            let bytes = try await secrets.read(secret)
            guard !bytes.isEmpty else {
                throw DriverError(
                    .failed, operation: "read the secret for", subject: secret.path, "it is empty, which a swarm does not take")
            }
            let name = names.name("curfew-\(workload.name)", bytes)
            while let sweeping { _ = await sweeping.result }
            let id = try await pool.ask("make a secret") { client in
                let mark = ObjectMark("secret", owner: self.owner, ["workload": workload.name.rawValue])
                func ours() async throws -> String {
                    let there = try await client.secret(name)
                    try mark.check(
                        there.Spec.Labels, "secret \(name)", removal: "docker secret rm \(name)",
                        folder: self.configuration.folder)
                    return there.ID
                }
                do { return try await ours() } catch let error as DockerError where error.isNotFound {}
                do {
                    return try await client.createSecret(name: name, labels: mark.labels, Data(bytes))
                } catch let error as DockerError where error.isConflict { return try await ours() }
            }
            let file = ServiceContainer.Secret.Target(
                Name: String(secret.path.dropFirst("/run/secrets/".count)), UID: String(user ?? 0), GID: "0",
                Mode: user == nil ? 0o444 : 0o400)
            result.append(.init(id: id, name: name, file: file))
        }
        return result
    }

    /// Removes secrets that nobody uses. Images are the nodes' own affair.
    public func collectGarbage(keeping artifacts: Set<String>) async throws -> Int {
        try await translating("collect garbage", pool.place) { try await sweep() }
    }

    /// Removes those of our secrets that no service refers to; the swarm keeps what is in use. None while an instance is
    /// being started, which may be about to use one.
    func sweep() async throws -> Int {
        while let sweeping { _ = await sweeping.result }
        let task = Task { try await removeSecrets() }
        sweeping = task
        defer { sweeping = nil }
        return try await task.value
    }

    private func removeSecrets() async throws -> Int {
        let all = try await pool.ask("list secrets") {
            try await $0.secrets(labels: [ContainerMark.kind + "=secret", ContainerMark.prefix + "owner=\(owner)"])
        }
        var count = 0
        for secret in all {
            guard starting.isEmpty else {
                secretsMayBeLeft = true
                return count
            }
            do {
                try await pool.ask("remove a secret") { try await $0.removeSecret(secret.ID) }
                count += 1
            } catch let error as DockerError where error.code == .refused { continue }
        }
        return count
    }
}
