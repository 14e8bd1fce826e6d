public import Foundation

/// A secret or a configuration of a swarm. Of a secret, the content is never told back.
public struct SwarmObject: Decodable, Sendable {
    /// Its id.
    public var ID: String
    /// What it was made with.
    public var Spec: Content
    /// What it was made with.
    public struct Content: Decodable, Sendable {
        /// Its name.
        public var Name: String
        /// Its labels.
        public var Labels: [String: String]?
    }
    /// How one is made.
    struct Fresh: Encodable {
        var Name: String
        var Labels: [String: String]
        var Data: String
    }
}

extension DockerClient {
    /// Secrets that have these labels.
    public func secrets(labels: [String]) async throws -> [SwarmObject] {
        try await fetch(.GET, "/secrets", [("filters", try Self.filters(["label": labels]))])
    }

    /// A secret by id or name, without its content; status 404 when it is not there.
    public func secret(_ name: String) async throws -> SwarmObject {
        try await fetch(.GET, "/secrets/\(DockerEndpoint.escaped(name))")
    }

    /// Makes a secret and returns its id; status 409 when the name is taken. 1 to 500 KiB.
    public func createSecret(name: String, labels: [String: String], _ data: Data) async throws -> String {
        struct Made: Decodable { var ID: String }
        let body = SwarmObject.Fresh(Name: name, Labels: labels, Data: data.base64EncodedString())
        let made: Made = try await fetch(.POST, "/secrets/create", body: try Self.encode(body))
        return made.ID
    }

    /// Removes a secret; one that is gone is removed already, one in use stays (status 400).
    public func removeSecret(_ id: String) async throws {
        do { try await call(.DELETE, "/secrets/\(DockerEndpoint.escaped(id))") } catch let error as DockerError
            where error.isNotFound
        {}
    }
}
