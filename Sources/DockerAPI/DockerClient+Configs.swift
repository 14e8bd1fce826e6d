public import Foundation

extension DockerClient {
    /// A configuration by id or name; status 404 when it is not there.
    public func config(_ name: String) async throws -> SwarmObject {
        try await fetch(.GET, "/configs/\(DockerEndpoint.escaped(name))")
    }

    /// Makes a configuration; status 409 when the name is taken. 1 byte to 1000 KiB.
    public func createConfig(name: String, labels: [String: String], _ data: Data) async throws {
        let body = SwarmObject.Fresh(Name: name, Labels: labels, Data: data.base64EncodedString())
        try await call(.POST, "/configs/create", body: try Self.encode(body))
    }

    /// Whether a registry has an image, as an engine sees it; throws status 404 or 403 when it does not.
    /// - Parameter authorization: of ``RegistryLogin/header``.
    public func askRegistry(for reference: String, authorization: String? = nil) async throws {
        try await call(
            .GET, "/distribution/\(Self.path(reference))/json",
            headers: authorization.map { [("X-Registry-Auth", $0)] } ?? [])
    }
}
