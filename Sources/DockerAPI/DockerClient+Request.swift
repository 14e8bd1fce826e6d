import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

extension DockerClient {
    /// A request in the negotiated version; asks for the version first if need be.
    func request(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)] = [], body: Data? = nil,
        type: String = "application/json",
        headers: [(String, String)] = []
    ) async throws -> HTTPClientRequest {
        let version = if let known = negotiation.version { known } else { try await negotiate() }
        var request = HTTPClientRequest(url: "\(endpoint.base)/v\(version)\(path)\(Self.text(query))")
        request.method = method
        // Over a Unix socket no host is sent by itself, and the engine refuses a request without.
        request.headers.replaceOrAdd(name: "Host", value: "docker")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.replaceOrAdd(name: "Content-Type", value: type)
            request.body = .bytes(body)
        }
        return request
    }

    static func text(_ query: [(String, String)]) -> String {
        guard !query.isEmpty else { return "" }
        return "?" + query.map { "\($0)=\(DockerEndpoint.escaped($1))" }.joined(separator: "&")
    }

    /// Asks the engine for its version.
    func negotiate() async throws -> APIVersion {
        var request = HTTPClientRequest(url: endpoint.base + "/_ping")
        request.headers.replaceOrAdd(name: "Host", value: "docker")
        let operation = "ask \(endpoint) for its version"
        let ping = request
        let header = try await within(timeout, operation) { [self] in
            let response = try await http.execute(ping, timeout: .seconds(3600))
            _ = try await response.body.collect(upTo: 65536)
            return response.headers.first(name: "Api-Version")
        }
        guard let header, let engine = APIVersion(header.prefix(16)) else {
            throw DockerError(.badAnswer, operation, "whoever answers there is no Docker engine")
        }
        return try negotiation.settle(engine)
    }

    /// Sends a request and reads the whole answer.
    func perform(_ request: HTTPClientRequest, timeout: Duration) async throws -> Data {
        let operation = Self.operation(request)
        let limit = maxAnswer
        return try await within(timeout, operation) { [self] in
            let response = try await http.execute(request, timeout: .seconds(3600))
            let status = Int(response.status.code)
            guard (200..<300).contains(status) else {
                let buffer = try? await response.body.collect(upTo: 1 << 20)
                throw Self.refusal(operation, status, buffer.map { Data($0.readableBytesView) } ?? Data())
            }
            do {
                return Data(try await response.body.collect(upTo: limit).readableBytesView)
            } catch is NIOTooManyBytesError {
                throw DockerError(.tooLarge, operation, "the engine's answer is larger than \(limit >> 20) MiB")
            }
        }
    }

    /// `{"message": …}`, or whatever stands there.
    static func refusal(_ operation: String, _ status: Int, _ body: Data) -> DockerError {
        struct Refusal: Decodable { var message: String }
        let message =
            (try? JSONDecoder().decode(Refusal.self, from: body))?.message ?? String(decoding: body.prefix(300), as: UTF8.self)
        return DockerError(.refused, operation, status: status, message.isEmpty ? "refused without a reason" : message)
    }

    /// Method and path, without the query: it may hold labels.
    static func operation(_ request: HTTPClientRequest) -> String {
        let url = request.url
        let path = url.range(of: "/v1.").map { url[$0.lowerBound...].dropFirst().drop { $0 != "/" } } ?? ""
        return "\(request.method.rawValue) \(path.prefix { $0 != "?" })"
    }

    /// Runs `body` with a deadline, and turns what goes wrong on the way into a ``DockerError``.
    func within<Value: Sendable>(_ limit: Duration, _ operation: String, _ body: @escaping @Sendable () async throws -> Value)
        async throws -> Value
    {
        do {
            return try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let value = first else {
                    throw DockerError(.timedOut, operation, "no answer from \(endpoint) within \(limit)")
                }
                return value
            }
        } catch let error as DockerError {
            if error.code == .unreachable { negotiation.forget() }
            throw error
        } catch is CancellationError { throw CancellationError() } catch {
            negotiation.forget()
            throw DockerError(.unreachable, operation, "\(endpoint) does not answer: \(Self.short(error))")
        }
    }

    static func short(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("ENOENT") || text.contains("No such file") { return "there is no such socket" }
        if text.contains("ECONNREFUSED") || text.contains("Connection refused") { return "the connection is refused" }
        if text.contains("EACCES") || text.contains("Permission denied") { return "permission denied" }
        return String(text.prefix(300))
    }
}
