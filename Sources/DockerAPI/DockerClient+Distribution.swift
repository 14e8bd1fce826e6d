/// What a registry says of an image.
public struct DistributionDetails: Decodable, Sendable {
    /// The manifest, or the list of manifests of an image for several platforms.
    public struct Descriptor: Decodable, Sendable {
        /// `sha256:…`.
        public var digest: String
    }
    /// The manifest that the reference stands for now.
    public var Descriptor: Descriptor
}

extension DockerClient {
    /// Asks the image's registry, through the engine, what a reference stands for now. Nothing is pulled.
    /// - Throws: ``DockerError``; status 401, 403 or 404 when the registry does not tell.
    public func distribution(_ reference: String, authorization: String? = nil) async throws -> DistributionDetails {
        try await fetch(
            .GET, "/distribution/\(Self.path(reference))/json",
            headers: authorization.map { [("X-Registry-Auth", $0)] } ?? [], timeout: .seconds(30))
    }
}
