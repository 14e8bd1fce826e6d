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

    /// The last lines that it wrote to standard output and standard error, oldest first; bounded to 1 MiB.
    public func logTail(_ id: String, lines: Int) async throws -> [String] {
        var demux = LogDemultiplexer()
        var size = 0
        do {
            try await eachPiece(
                .GET, "/containers/\(DockerEndpoint.escaped(id))/logs",
                [("stdout", "true"), ("stderr", "true"), ("tail", String(lines))]
            ) { piece in
                size += piece.readableBytes
                demux.add(Data(piece.readableBytesView))
                if size > 1 << 20 { throw LogDemultiplexer.Enough() }
            }
        } catch is LogDemultiplexer.Enough {}
        return demux.finished().suffix(lines)
    }

    /// Gives each line that it writes to `take`, from the last `tail` on, until it ends.
    public func followLog(_ id: String, tail: Int, _ take: (String) async throws -> Void) async throws {
        var demux = LogDemultiplexer()
        try await eachPiece(
            .GET, "/containers/\(DockerEndpoint.escaped(id))/logs",
            [("stdout", "true"), ("stderr", "true"), ("tail", String(tail)), ("follow", "true")], isSteady: false
        ) { piece in
            demux.add(Data(piece.readableBytesView))
            for line in demux.lines() { try await take(line) }
        }
        for line in demux.finished() { try await take(line) }
    }
}
