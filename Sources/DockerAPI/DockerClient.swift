import AsyncHTTPClient
import CurfewTLS
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// A client of the Docker Engine API, version 1.41 and later. One connection pool for each engine; safe to share.
///
/// Every call has a deadline and a limit for its answer. Nothing is retried here.
public final class DockerClient: Sendable {
    /// The engine.
    public let endpoint: DockerEndpoint
    /// Longest time of an ordinary call.
    public let timeout: Duration
    /// Largest answer that is read, in bytes.
    public let maxAnswer: Int
    let http: HTTPClient
    /// For answers that come in pieces and keep coming: a pause of more than a minute means that the engine hangs.
    let steady: HTTPClient
    let negotiation: Negotiation
    /// `nil` without TLS.
    let tls: TLSConfiguration?

    /// Makes a client; connects to nobody.
    /// - Parameter quiet: longest pause in the middle of a pull, a build or a log that is read to its end.
    /// - Throws: ``DockerError`` when the TLS files cannot be used.
    public init(
        endpoint: DockerEndpoint, timeout: Duration = .seconds(15), quiet: Duration = .seconds(90), maxAnswer: Int = 64 << 20
    )
        throws
    {
        (self.endpoint, self.timeout, self.maxAnswer) = (endpoint, timeout, maxAnswer)
        var configuration = HTTPClient.Configuration.strict()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
        var tls: TLSConfiguration?
        if let files = endpoint.tls {
            do {
                var made = TLSRules.client()
                made.trustRoots = .file(files.authority)
                made.certificateChain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) }
                made.privateKey = .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))
                tls = made
                configuration.tlsConfiguration = made
            } catch {
                throw DockerError(.unreachable, "set up TLS for \(endpoint)", "a certificate or key cannot be read: \(error)")
            }
        }
        self.tls = tls
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        configuration.timeout.read = .nanoseconds(
            quiet.components.seconds * 1_000_000_000 + quiet.components.attoseconds / 1_000_000_000)
        steady = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        negotiation = Negotiation()
    }

    deinit {
        http.shutdown { _ in }
        steady.shutdown { _ in }
    }

    /// Closes all connections.
    public func shutdown() async {
        try? await http.shutdown()
        try? await steady.shutdown()
    }

    /// A call whose answer is thrown away.
    @discardableResult
    func call(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)] = [], body: Data? = nil,
        type: String = "application/json",
        headers: [(String, String)] = [], timeout: Duration? = nil
    ) async throws -> Data {
        let request = try await request(method, path, query, body: body, type: type, headers: headers)
        return try await perform(request, timeout: timeout ?? self.timeout)
    }

    /// A call whose answer is JSON.
    func fetch<Answer: Decodable>(
        _ method: HTTPMethod = .GET, _ path: String, _ query: [(String, String)] = [], body: Data? = nil,
        headers: [(String, String)] = [], timeout: Duration? = nil
    ) async throws -> Answer {
        let data = try await call(method, path, query, body: body, headers: headers, timeout: timeout)
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw DockerError(
                .badAnswer, "\(method.rawValue) \(path)", "the engine's answer is not understood: \(Self.words(error))")
        }
    }

    /// What a decoding error means, without the document.
    static func words(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context): "the field '\((context.codingPath + [key]).path)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "the field '\(context.codingPath.path)' has another type"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "the field '\(context.codingPath.path)' is damaged"
        default: "it is no JSON"
        }
    }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}

extension [any CodingKey] {
    fileprivate var path: String { map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".") }
}
