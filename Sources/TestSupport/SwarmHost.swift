import Foundation
import Glibc

/// A swarm of several engines on this machine, with a registry that has an image of busybox; gone afterwards. Needs root.
public final class SwarmHost: Sendable {
    /// Everything of it lies here.
    public let folder: String
    /// The image by digest.
    public let image: String
    /// The registry's address: `198.18.7.254:5000`.
    public var registry: String { String(image.prefix { $0 != "/" }) }

    /// Whether one can be made here.
    public static var isPossible: Bool { getuid() == 0 }

    /// Runs `body` with a swarm and clears it away, whatever happens. The first `managers` of the nodes are managers.
    public static func with(nodes: Int, managers: Int = 1, _ body: (SwarmHost) async throws -> Void) async throws {
        let folder = "/tmp/curfew-swarm-\(UUID().uuidString.prefix(8).lowercased())"
        do {
            let image = try await script("start", folder, String(nodes), String(managers))
            try await body(SwarmHost(folder, image))
        } catch {
            _ = try? await script("stop", folder)
            throw error
        }
        _ = try? await script("stop", folder)
    }

    private init(_ folder: String, _ image: String) { (self.folder, self.image) = (folder, image) }

    /// `unix://…` of a node, from 1 on.
    public func endpoint(_ node: Int) -> String { "unix://\(folder)/\(node).sock" }

    /// An image in a registry that asks for a login, and the folder with the `config.json` that has it.
    public func lockedImage() async throws -> (image: String, login: String) {
        let (registry, login) = (registry.replacing(":5000", with: ":5001"), folder + "/login")
        let name = "\(registry)/locked"
        try await docker(1, "--config", login, "login", "-u", "curfew", "-p", "let-me-in", registry)
        // Another digest than the base image: no node has it.
        let container = try await docker(1, "create", image, "true")
        try await docker(1, "commit", container, name)
        try await docker(1, "--config", login, "push", "-q", name)
        return (try await docker(1, "image", "inspect", "-f", "{{index .RepoDigests 0}}", name), login)
    }

    /// Takes a node's power away: engine, containers and network are gone at once.
    public func down(_ node: Int) async throws { _ = try await Self.script("down", folder, String(node)) }

    /// Gives it back.
    public func up(_ node: Int) async throws { _ = try await Self.script("up", folder, String(node)) }

    /// The docker command on a node.
    @discardableResult
    public func docker(_ node: Int, _ arguments: String...) async throws -> String {
        let result = try await execute("docker", ["-H", endpoint(node)] + arguments)
        guard result.code == 0 else {
            throw ProgramFailure(command: "docker \(arguments.joined(separator: " "))", output: result.errors)
        }
        return result.output.trimmingCharacters(in: .newlines)
    }

    private static func script(_ verb: String, _ arguments: String...) async throws -> String {
        // Beside the sources: the tests are built where they lie.
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let result = try await execute(root.appending(path: "Scripts/swarm").path, [verb] + arguments)
        guard result.code == 0 else { throw ProgramFailure(command: "Scripts/swarm \(verb)", output: result.errors) }
        return result.output.trimmingCharacters(in: .newlines)
    }
}
