import Foundation
import NIOCore

/// A service, as far as it is looked at.
public struct ServiceDetails: Decodable, Sendable {
    /// Its id.
    public var ID: String
    /// Counts its changes.
    public var Version: Count?
    /// What it is asked to be.
    public var Spec: ServiceSpec
    /// What it was before the last change; `nil` when it was never changed.
    public var PreviousSpec: Anything?
    /// How far a change is.
    public var UpdateStatus: Update?
    /// RFC 3339.
    public var CreatedAt: String?

    /// A counter.
    public struct Count: Decodable, Sendable, Hashable {
        /// Grows with each change.
        public var Index: UInt64?
    }
    /// Something that is there, whatever it holds.
    public struct Anything: Decodable, Sendable {
        public init(from decoder: any Decoder) throws {}
    }
    /// How far a change is.
    public struct Update: Decodable, Sendable, Hashable {
        /// `updating`, `paused`, `completed`, `rollback_started`, `rollback_paused`, `rollback_completed`.
        public var State: String?
        /// In words.
        public var Message: String?
    }
}

extension DockerClient {
    /// Services that have these labels (`name` or `name=value`).
    public func services(labels: [String]) async throws -> [ServiceDetails] {
        try await fetch(.GET, "/services", [("filters", try Self.filters(["label": labels]))])
    }

    /// A service by id or name; status 404 when it is not there.
    public func service(_ id: String) async throws -> ServiceDetails {
        try await fetch(.GET, "/services/\(DockerEndpoint.escaped(id))")
    }

    /// Makes a service and returns its id; status 409 when the name is taken.
    /// - Parameter authorization: of ``RegistryLogin/header``, passed on to the nodes.
    public func createService(_ spec: ServiceSpec, authorization: String? = nil) async throws -> String {
        // Services have their id under another name than containers.
        struct Made: Decodable { var ID: String }
        let made: Made = try await fetch(
            .POST, "/services/create", body: try Self.encode(spec),
            headers: authorization.map { [("X-Registry-Auth", $0)] } ?? [], timeout: .seconds(60))
        return made.ID
    }

    /// Removes a service; its tasks end by and by. One that is gone is removed already.
    public func removeService(_ id: String) async throws {
        do { try await call(.DELETE, "/services/\(DockerEndpoint.escaped(id))") } catch let error as DockerError
            where error.isNotFound
        {}
    }
}
