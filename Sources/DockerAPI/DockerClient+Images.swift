import AsyncHTTPClient
public import Foundation
import NIOCore

/// An image, as far as it is looked at.
public struct ImageDetails: Decodable, Sendable {
    /// `sha256:…`.
    public var Id: String
    /// References by digest that it was pulled by.
    public var RepoDigests: [String]?
    /// References by tag.
    public var RepoTags: [String]?
    /// What containers inherit.
    public var Config: ContainerConfig?
    /// Bytes.
    public var Size: Int64?
}

/// One line of a list of images.
public struct ImageSummary: Decodable, Sendable {
    /// `sha256:…`.
    public var Id: String
    /// References by digest.
    public var RepoDigests: [String]?
    /// References by tag.
    public var RepoTags: [String]?
    /// Labels.
    public var Labels: [String: String]?
}

/// How far a pull is.
public struct PullProgress: Sendable, Hashable {
    /// `Downloading`, `Extracting`, …
    public var status: String
    /// The layer, if it is about one.
    public var layer: String?
    /// Bytes done and in all, as far as known.
    public var done: Int64?
    /// Bytes in all.
    public var total: Int64?
}

extension DockerClient {
    /// An image by id or reference; status 404 when it is not there.
    public func image(_ reference: String) async throws -> ImageDetails {
        try await fetch(.GET, "/images/\(Self.path(reference))/json")
    }

    /// Images with a label.
    public func images(label: String) async throws -> [ImageSummary] {
        try await fetch(.GET, "/images/json", [("filters", try Self.filters(["label": [label]]))])
    }

    /// Pulls an image by tag or digest.
    /// - Parameter authorization: of ``RegistryLogin/header``.
    public func pull(
        _ reference: String, authorization: String? = nil, progress: (PullProgress) async -> Void = { _ in }
    ) async throws {
        let operation = "pull \(DockerError.clean(reference))"
        let (name, tag) = Self.split(reference)
        struct Line: Decodable {
            struct Detail: Decodable {
                var current: Int64?
                var total: Int64?
            }
            var status: String?
            var id: String?
            var error: String?
            var progressDetail: Detail?
        }
        try await eachLine(
            .POST, "/images/create", [("fromImage", name), ("tag", tag)],
            headers: authorization.map { [("X-Registry-Auth", $0)] } ?? [], within: .seconds(7200)
        ) { line in
            guard let line = try? JSONDecoder().decode(Line.self, from: line) else { return }
            if let error = line.error { throw DockerError(.refused, operation, error) }
            guard let status = line.status else { return }
            await progress(
                PullProgress(
                    status: DockerError.clean(status), layer: line.id, done: line.progressDetail?.current,
                    total: line.progressDetail?.total))
        }
    }

    /// Builds an image from a tar archive that holds a `Dockerfile`, and gives back its id. Nothing is pulled.
    /// - Parameter archive: the whole archive.
    public func build(_ archive: Data, labels: [String: String]) async throws -> String {
        struct Line: Decodable {
            struct Aux: Decodable { var ID: String? }
            var error: String?
            var aux: Aux?
        }
        var id: String?
        try await eachLine(
            .POST, "/build",
            [
                ("rm", "true"), ("forcerm", "true"), ("networkmode", "none"),
                ("labels", String(decoding: try Self.encode(labels), as: UTF8.self)),
            ], body: .bytes(archive), type: "application/x-tar", within: .seconds(3600)
        ) { line in
            guard let line = try? JSONDecoder().decode(Line.self, from: line) else { return }
            if let error = line.error { throw DockerError(.refused, "build an image", error) }
            if let made = line.aux?.ID { id = made }
        }
        guard let id else { throw DockerError(.badAnswer, "build an image", "the engine tells no id of the image") }
        return id
    }

    /// Gives an image another name.
    public func tag(_ id: String, repository: String, tag: String) async throws {
        try await call(.POST, "/images/\(Self.path(id))/tag", [("repo", repository), ("tag", tag)])
    }

    /// Removes an image; one that is gone is removed already, one in use stays (status 409).
    public func removeImage(_ reference: String) async throws {
        do { try await call(.DELETE, "/images/\(Self.path(reference))") } catch let error as DockerError where error.isNotFound
        {}
    }

    /// A reference as part of a path: slashes and colons stay, the rest is escaped.
    static func path(_ reference: String) -> String {
        reference.split(separator: "/", omittingEmptySubsequences: false).map {
            DockerEndpoint.escaped($0).replacing("%3A", with: ":").replacing("%40", with: "@")
        }.joined(separator: "/")
    }

    /// `registry:5000/app:1.2` → (`registry:5000/app`, `1.2`); with a digest, the digest is the tag.
    static func split(_ reference: String) -> (name: String, tag: String) {
        if let at = reference.lastIndex(of: "@") {
            return (String(reference[..<at]), String(reference[reference.index(after: at)...]))
        }
        if let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") {
            return (String(reference[..<colon]), String(reference[reference.index(after: colon)...]))
        }
        return (reference, "latest")
    }
}

/// A login at a registry, for the engine to pass on.
public struct RegistryLogin: Sendable, Hashable {
    /// Account.
    public var username: String
    /// Password or token.
    public var password: String
    /// The registry: `registry.example:5000`.
    public var server: String
    /// Makes a login.
    public init(username: String, password: String, server: String) {
        (self.username, self.password, self.server) = (username, password, server)
    }
    /// The value of `X-Registry-Auth`.
    public var header: String {
        let text = ["username": username, "password": password, "serveraddress": server]
        let data = (try? DockerClient.encode(text)) ?? Data()
        return data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
}
