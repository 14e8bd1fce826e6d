import Foundation

/// A network, as far as it is looked at.
public struct NetworkDetails: Decodable, Sendable {
    /// Its name.
    public var Name: String
    /// Its id.
    public var Id: String
    /// `bridge`, `overlay`, …
    public var Driver: String?
    /// Its labels.
    public var Labels: [String: String]?
}

/// A volume, as far as it is looked at.
public struct VolumeDetails: Decodable, Sendable {
    /// Its name.
    public var Name: String
    /// Its labels.
    public var Labels: [String: String]?
}

extension DockerClient {
    /// A network by name or id; status 404 when it is not there.
    public func network(_ name: String) async throws -> NetworkDetails {
        try await fetch(.GET, "/networks/\(DockerEndpoint.escaped(name))")
    }

    /// Makes a network; one of that name that is there already is taken (status 409).
    public func createNetwork(name: String, driver: String, labels: [String: String], options: [String: String] = [:])
        async throws
    {
        struct Body: Encodable {
            var Name: String
            var Driver: String
            var Labels: [String: String]
            var Options: [String: String]
            var CheckDuplicate = true
            var Attachable: Bool
        }
        try await call(
            .POST, "/networks/create",
            body: try Self.encode(
                Body(Name: name, Driver: driver, Labels: labels, Options: options, Attachable: driver == "overlay")))
    }

    /// Puts a container into one more network, where it is found by these names.
    public func connect(_ container: String, to network: String, aliases: [String]) async throws {
        struct Endpoint: Encodable { var Aliases: [String] }
        struct Body: Encodable {
            var Container: String
            var EndpointConfig: Endpoint
        }
        try await call(
            .POST, "/networks/\(DockerEndpoint.escaped(network))/connect",
            body: try Self.encode(Body(Container: container, EndpointConfig: Endpoint(Aliases: aliases))))
    }

    /// Makes a volume; one of that name that is there already is taken.
    public func createVolume(name: String, labels: [String: String]) async throws {
        struct Body: Encodable {
            var Name: String
            var Labels: [String: String]
        }
        try await call(.POST, "/volumes/create", body: try Self.encode(Body(Name: name, Labels: labels)))
    }

    /// A volume by name; status 404 when it is not there.
    public func volume(_ name: String) async throws -> VolumeDetails {
        try await fetch(.GET, "/volumes/\(DockerEndpoint.escaped(name))")
    }
}
