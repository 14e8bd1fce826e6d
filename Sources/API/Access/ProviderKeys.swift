import AsyncHTTPClient
import CurfewTLS
import CurfewModel
import Foundation
import JWTKit
import NIOCore

/// The keys of an identity provider, as its discovery document leads to them. Asked for again after an hour, and for a key
/// that is not known, but never more often than once a minute: made-up keys do not make us ask.
actor ProviderKeys {
    struct Failure: Error { var text: String }
    static let age = Span.seconds(3600)
    static let pause = Span.seconds(60)
    /// While the provider cannot be asked, its last keys are good for that long.
    static let longestAge = Span.seconds(86_400)
    static let mostKeys = 100
    static let mostBytes = 512 * 1024

    private let settings: OIDCSettings
    private var keys: [String: JWK] = [:]
    private var fetched: Instant?
    private var tried: Instant?
    private var running: Task<[String: JWK], any Error>?
    /// How often the provider was asked.
    private(set) var fetches = 0

    init(_ settings: OIDCSettings) { self.settings = settings }

    /// The key of that id, `nil` when the provider has none.
    /// - Throws: ``Failure`` when nobody can tell.
    func key(_ id: String) async throws -> JWK? {
        let now = settings.now()
        let isFresh = fetched.map { now - $0 < Self.age && now >= $0 } ?? false
        if isFresh, let key = keys[id] { return key }
        if running != nil || mayTry(now) {
            do { try await refresh(now) } catch {
                guard let fetched, now - fetched < Self.longestAge else { throw error }
            }
        }
        guard let fetched, now - fetched < Self.longestAge else { throw Failure(text: "its keys are not known") }
        return keys[id]
    }

    private func mayTry(_ now: Instant) -> Bool { tried.map { now - $0 >= Self.pause || now < $0 } ?? true }

    /// One question for all who wait.
    private func refresh(_ now: Instant) async throws {
        if running == nil {
            (tried, fetches) = (now, fetches + 1)
            let settings = settings
            running = Task { try await Self.fetch(settings) }
        }
        guard let task = running else { return }
        defer { if running == task { running = nil } }
        keys = try await task.value
        fetched = now
    }

    private struct Discovery: Decodable {
        var issuer: String
        var jwks_uri: String
    }

    private static func fetch(_ settings: OIDCSettings) async throws -> [String: JWK] {
        var configuration = HTTPClient.Configuration.strict()
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(10))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let slash = settings.issuer.hasSuffix("/") ? "" : "/"
            let place = settings.issuer + slash + ".well-known/openid-configuration"
            let document = try JSONDecoder().decode(Discovery.self, from: try await get(place, client, settings))
            guard document.issuer == settings.issuer else { throw Failure(text: "the discovery document is another issuer's") }
            let found = try parse(try await get(document.jwks_uri, client, settings))
            try await client.shutdown()
            return found
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private static func get(_ address: String, _ client: HTTPClient, _ settings: OIDCSettings) async throws -> Data {
        let isLoopback = settings.allowsPlainLoopback && address.hasPrefix("http://127.0.0.1:")
        guard address.hasPrefix("https://") || isLoopback else { throw Failure(text: "only https:// is asked") }
        let response = try await client.execute(HTTPClientRequest(url: address), timeout: .seconds(15))
        guard response.status == .ok else { throw Failure(text: "it answers \(response.status.code)") }
        return Data(buffer: try await response.body.collect(upTo: mostBytes))
    }

    /// Each key for itself: one of a kind that is not known spoils no other.
    static func parse(_ data: Data) throws -> [String: JWK] {
        guard let top = try JSONSerialization.jsonObject(with: data) as? [String: Any], let list = top["keys"] as? [Any] else {
            throw Failure(text: "its keys are no key set")
        }
        var found: [String: JWK] = [:]
        for item in list.prefix(mostKeys) {
            guard let fields = item as? [String: Any], fields["use"] as? String ?? "sig" == "sig",
                let id = fields["kid"] as? String, let text = try? JSONSerialization.data(withJSONObject: fields),
                let key = try? JSONDecoder().decode(JWK.self, from: text)
            else { continue }
            found[id] = key
        }
        return found
    }
}
