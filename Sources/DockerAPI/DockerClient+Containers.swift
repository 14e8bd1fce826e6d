import Foundation
import NIOCore

/// What creating something gives back.
public struct Created: Decodable, Sendable {
    /// Its id.
    public var Id: String
    /// What the engine has to say about it.
    public var Warnings: [String]?
}

extension DockerClient {
    /// Containers, running or not, that have these labels (`name` or `name=value`).
    public func containers(labels: [String]) async throws -> [ContainerSummary] {
        try await fetch(.GET, "/containers/json", [("all", "true"), ("filters", try Self.filters(["label": labels]))])
    }

    /// A container in full, by id or name.
    public func container(_ id: String) async throws -> ContainerDetails {
        try await fetch(.GET, "/containers/\(DockerEndpoint.escaped(id))/json")
    }

    /// Makes a container. Throws status 409 when the name is taken, 404 when the image is not there.
    public func createContainer(
        name: String, _ config: ContainerConfig, _ host: HostConfig, aliases: [String: [String]] = [:]
    ) async throws -> Created {
        struct Endpoint: Encodable { var Aliases: [String] }
        struct Networking: Encodable { var EndpointsConfig: [String: Endpoint] }
        struct Body: Encodable {
            var config: ContainerConfig
            var HostConfig: HostConfig
            var NetworkingConfig: Networking
            enum Keys: String, CodingKey { case HostConfig, NetworkingConfig }
            func encode(to encoder: any Encoder) throws {
                try config.encode(to: encoder)
                var container = encoder.container(keyedBy: Keys.self)
                try container.encode(HostConfig, forKey: .HostConfig)
                try container.encode(NetworkingConfig, forKey: .NetworkingConfig)
            }
        }
        let body = Body(
            config: config, HostConfig: host,
            NetworkingConfig: Networking(EndpointsConfig: aliases.mapValues { Endpoint(Aliases: $0) }))
        return try await fetch(
            .POST, "/containers/create", [("name", name)], body: try Self.encode(body), timeout: .seconds(60))
    }

    /// Starts it; one that runs already stays as it is.
    public func startContainer(_ id: String) async throws {
        do {
            try await call(.POST, "/containers/\(DockerEndpoint.escaped(id))/start", timeout: .seconds(60))
        } catch let error as DockerError where error.isNotModified {}
    }

    /// Asks it to end and ends it after `grace` seconds; one that does not run stays as it is.
    public func stopContainer(_ id: String, grace: Int) async throws {
        do {
            try await call(
                .POST, "/containers/\(DockerEndpoint.escaped(id))/stop", [("t", String(grace))],
                timeout: .seconds(grace + 30))
        } catch let error as DockerError where error.isNotModified {}
    }

    /// Removes it with its anonymous volumes, running or not.
    public func removeContainer(_ id: String) async throws {
        try await call(
            .DELETE, "/containers/\(DockerEndpoint.escaped(id))", [("force", "true"), ("v", "true")], timeout: .seconds(60))
    }

    /// Files that are not as the image has them.
    public func changes(in id: String) async throws -> [FileChange] {
        // The engine says `null` for none.
        let changes: [FileChange]? = try await fetch(.GET, "/containers/\(DockerEndpoint.escaped(id))/changes")
        return changes ?? []
    }
}
