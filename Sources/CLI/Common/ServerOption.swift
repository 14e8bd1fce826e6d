import ArgumentParser
import AsyncHTTPClient
import CurfewTLS
import CurfewDaemon
import CurfewDesiredState
import CurfewModel
import Foundation
import NIOCore
import NIOHTTP1

/// Which daemon is asked. Without the option it is the one of the configuration, over the socket in its state folder.
struct ServerOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Ask the daemon at this address: https://HOST[:PORT], http://127.0.0.1:PORT or unix:/PATH.", valueName: "url"))
    var server: String?
    @Option(
        name: .long, help: ArgumentHelp("The file with the token for --server (`curfew token`).", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    /// The client for the named server; `nil` when none is named.
    func remote() throws -> ServerClient? {
        guard let server else {
            guard tokenFile == nil else { throw ValidationError("--token-file goes with --server") }
            return nil
        }
        return try ServerClient(server, token: try tokenFile.map(Self.token))
    }

    private static func token(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else {
            throw DaemonError(.notFound, operation: "read", subject: path, "there is no token that can be read")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw DaemonError(.refused, operation: "read", subject: path, "it does not hold one token")
        }
        return text
    }
}

/// Asks a daemon over its HTTP API.
struct ServerClient: Sendable {
    /// It is not there: nothing listens.
    struct Absent: Error, CustomStringConvertible { var description: String }

    private let base: String
    private let token: String?
    private let name: String

    /// - Throws: a ``DaemonError`` for an address that is none, or would carry the token in the clear.
    init(_ server: String, token: String? = nil) throws {
        func refusal(_ message: String) -> DaemonError {
            DaemonError(.refused, operation: "ask", subject: server.escapingControls, message)
        }
        (self.token, name) = (token, server.escapingControls)
        if server.hasPrefix("unix:/") {
            guard let path = String(server.dropFirst(5)).addingPercentEncoding(withAllowedCharacters: .alphanumerics) else {
                throw refusal("it is no path")
            }
            base = "http+unix://" + path
            return
        }
        guard let url = URLComponents(string: server), let host = url.host, !host.isEmpty, url.user == nil, url.query == nil,
            url.path.isEmpty || url.path == "/", url.scheme == "https" || url.scheme == "http"
        else { throw refusal("an address looks like https://HOST[:PORT], http://127.0.0.1:PORT or unix:/PATH") }
        guard url.scheme == "https" || ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host) else {
            throw refusal("over http the token and the answer could be read on the way; use https")
        }
        base = server.hasSuffix("/") ? String(server.dropLast()) : server
    }

    /// The daemon of this machine with that configuration.
    init?(_ configuration: ServiceConfiguration) {
        switch configuration.api.listen {
        case .off, .address: return nil
        case .unix(let path):
            guard let client = try? ServerClient("unix:" + (path ?? StateFolder(path: configuration.state).api)) else {
                return nil
            }
            self = client
        }
    }

    private struct Trouble: Decodable { var detail: String? }

    /// The body of an answer with a status from 200 to 299.
    /// - Throws: ``Absent`` when nothing listens there, else a ``DaemonError`` with what the daemon says.
    func ask(_ method: HTTPMethod, _ path: String, body: Data? = nil) async throws -> Data {
        var settings = HTTPClient.Configuration.strict()
        // A socket that is not there is an answer, and not to be tried until the deadline.
        settings.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        do {
            let answer = try await answer(client, method, path, body)
            try await client.shutdown()
            return answer
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    private func answer(_ client: HTTPClient, _ method: HTTPMethod, _ path: String, _ body: Data?) async throws -> Data {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "User-Agent", value: "curfew/\(Version.current)")
        // No page of a browser can send this.
        request.headers.add(name: "X-Curfew-Request", value: "cli")
        if base.hasPrefix("http+unix") { request.headers.add(name: "Host", value: "localhost") }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let response: HTTPClientResponse
        let content: ByteBuffer
        do {
            response = try await client.execute(request, timeout: .seconds(30))
            content = try await response.body.collect(upTo: 64 << 20)
        } catch {
            let text = "\(error)"
            if ["ECONNREFUSED", "ENOENT", "onnection refused", "No such file", "ermission denied", "EACCES"].contains(where: {
                text.contains($0)
            }) {
                throw Absent(description: "ask \(name): nothing answers there; is `curfew run` running, and may you reach it?")
            }
            throw DaemonError(
                .storage, operation: "ask", subject: name,
                text.contains("imeout")
                    ? "no answer within 30 s" : "the connection fails: \(String(text.prefix(200)).escapingControls)")
        }
        let data = Data(content.readableBytesView)
        guard (200..<300).contains(response.status.code) else {
            let detail = (try? JSONDecoder().decode(Trouble.self, from: data))?.detail.map { String($0.prefix(1000)) }
            let hint = response.status.code == 401 ? "; name a token with --token-file" : ""
            throw DaemonError(
                .refused, operation: "ask", subject: name,
                "\(detail?.escapingControls ?? "it answers with status \(response.status.code)")\(hint)")
        }
        return data
    }
}
