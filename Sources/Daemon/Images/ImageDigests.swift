import CurfewDockerAPI
import CurfewModel

/// Looks up the digests that references of images stand for, at an engine.
public enum ImageDigests {
    /// What became of one reference.
    public enum Answer: Sendable, Hashable {
        /// `sha256:…`
        case digest(String)
        /// Why there is none; for people.
        case unknown(String)
    }

    /// Asks for each reference: first what the engine has, since that is what runs; else the registry, through the engine.
    /// - Parameters:
    ///   - references: with a tag or without, and without a digest.
    ///   - engine: `unix:///run/docker.sock` or `tcp://host:port`.
    /// - Throws: ``DaemonError`` when there is no such engine.
    public static func look(up references: Set<String>, at engine: String) async throws -> [String: Answer] {
        guard let endpoint = DockerEndpoint(engine) else {
            throw DaemonError(
                .refused, operation: "ask the engine", subject: engine.escapingControls,
                "an engine is named like unix:///var/run/docker.sock or tcp://host:2375")
        }
        let client = try DockerClient(endpoint: endpoint)
        var answers: [String: Answer] = [:]
        for reference in references.sorted() {
            do { answers[reference] = try await answer(reference, client) } catch let error as DockerError
                where error.code == .refused || error.code == .badAnswer
            {
                answers[reference] = .unknown(error.message)
            } catch {
                await client.shutdown()
                throw DaemonError(
                    .refused, operation: "ask the engine", subject: engine.escapingControls,
                    "\(error); name another with --engine, or leave --resolve out")
            }
        }
        await client.shutdown()
        return answers
    }

    private static func answer(_ reference: String, _ client: DockerClient) async throws -> Answer {
        do {
            let digests = try await client.image(reference).RepoDigests ?? []
            let wanted = familiar(repository(of: reference))
            for digest in digests {
                let parts = digest.split(separator: "@", maxSplits: 1)
                if parts.count == 2, familiar(String(parts[0])) == wanted, isDigest(parts[1]) {
                    return .digest(String(parts[1]))
                }
            }
        } catch let error as DockerError where error.isNotFound {}
        let digest = try await client.distribution(reference).Descriptor.digest
        return isDigest(digest[...]) ? .digest(digest) : .unknown("the registry answers with no SHA-256")
    }

    private static func isDigest(_ text: Substring) -> Bool {
        text.hasPrefix("sha256:") && text.utf8.count == 71 && text.utf8.dropFirst(7).allSatisfy(\.isLowerHexadecimal)
    }

    /// A reference without its tag.
    static func repository(of reference: String) -> String {
        guard let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") else { return reference }
        return String(reference[..<colon])
    }

    /// A repository as people write it: `docker.io/library/nginx` is `nginx`.
    static func familiar(_ repository: String) -> String {
        var name = repository[...]
        for host in ["docker.io/", "index.docker.io/"] where name.hasPrefix(host) { name = name.dropFirst(host.count) }
        if name.hasPrefix("library/") { name = name.dropFirst(8) }
        return String(name)
    }
}
