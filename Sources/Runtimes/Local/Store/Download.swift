import AsyncHTTPClient
import CurfewTLS
import Crypto
import CurfewDrivers
import CurfewModel
import Foundation

/// Fetches a file whose SHA-256 is known. Nothing of it is used before the digest is right.
///
/// The address comes from a manifest, so whoever may write one chooses whom this machine speaks to: the host is looked up
/// once, has to be at a public address or to be named by the service's configuration, and is spoken to at the address that was
/// looked at. A redirect stays at its scheme, host and port.
struct Download: Sendable {
    var url: String
    var sha256: String
    var limit: ByteCount
    var timeout: Span
    /// Hosts that it may come from: names and addresses, and `public`.
    var allowed: [String]
    /// Where the bytes are written.
    var lanes: Lanes

    private static let mostRedirects = 5

    /// Writes the file to `path`, which does not exist yet.
    func fetch(to path: String) async throws {
        guard let source = DownloadSource(url) else {
            throw bad("the address is no http or https address without credentials")
        }
        try await withDeadline {
            let addresses = try await lanes.run { try PeerAddress.find(source, allowed: allowed, subject: subject) }
            for (number, address) in addresses.enumerated() {
                do { return try await fetch(to: path, source, at: address) } catch let error as DriverError
                    where error.code == .unreachable && number + 1 < addresses.count
                { try await lanes.run { try Files.remove(path, for: "download artifact") } }
            }
        }
    }

    /// - Parameter address: the literal address to connect to, whatever the name leads to by then.
    private func fetch(to path: String, _ source: DownloadSource, at address: String) async throws {
        var configuration = HTTPClient.Configuration.strict()
        configuration.timeout.connect = .seconds(20)
        // A refused connection is an answer; whoever wants the artifact asks again anyway.
        configuration.connectionPool.retryConnectionEstablishment = false
        // What comes is what the digest is of; an encoding would have to be unpacked unverified.
        configuration.decompression = .disabled
        configuration.dnsOverride = [source.host: address]
        if let written = URLComponents(string: url)?.host { configuration.dnsOverride[written] = address }
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        do {
            try await follow(source, to: path, client)
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func withDeadline(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (timeout, subject) = (timeout, subject)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: timeout.duration)
                throw DriverError(
                    .unreachable, operation: "download artifact", subject: subject, "it was not there after \(timeout)")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func follow(_ source: DownloadSource, to path: String, _ client: HTTPClient) async throws {
        var address = url
        for _ in 0...Self.mostRedirects {
            let response: HTTPClientResponse
            do {
                response = try await client.execute(
                    HTTPClientRequest(url: address), timeout: .milliseconds(timeout.milliseconds))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw DriverError(.unreachable, operation: "download artifact", subject: subject, "\(error)")
            }
            if (300..<400).contains(response.status.code), let location = response.headers.first(name: "location") {
                guard let next = URL(string: location, relativeTo: URL(string: address))?.absoluteString,
                    let target = DownloadSource(next)
                else { throw bad("it redirects to something that is no http or https address") }
                guard target == source else {
                    throw bad(
                        "it redirects to another place (\(target.scheme)://\(target.place)), which is never followed; name the final address in the manifest"
                    )
                }
                address = next
                continue
            }
            guard response.status == .ok else {
                let later = response.status.code >= 500 || response.status.code == 429
                throw DriverError(
                    later ? .unreachable : .badArtifact, operation: "download artifact", subject: subject,
                    "the server answers \(response.status.code)")
            }
            return try await receive(response, path)
        }
        throw bad("it redirects more than \(Self.mostRedirects) times")
    }

    private func receive(_ response: HTTPClientResponse, _ path: String) async throws {
        let tooLarge = bad("it is larger than \(limit); raise maxArtifact if that is meant")
        if let length = response.headers.first(name: "content-length").flatMap({ Int64($0) }), length > limit.value {
            throw tooLarge
        }
        let file = try await lanes.run {
            try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, for: "download artifact")
        }
        var hash = SHA256()
        var count: Int64 = 0
        do {
            for try await piece in response.body {
                count += Int64(piece.readableBytes)
                guard count <= limit.value else { throw tooLarge }
                let bytes = Array(piece.readableBytesView)
                hash.update(data: bytes)
                try await lanes.run { try bytes.withUnsafeBytes { try file.write($0, for: "download artifact", path) } }
            }
        } catch let error as DriverError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw DriverError(.unreachable, operation: "download artifact", subject: subject, "it broke off: \(error)")
        }
        let found = hash.finalize().hexadecimal
        guard found == sha256 else { throw bad("its SHA-256 is \(found), the manifest says \(sha256)") }
    }

    private func bad(_ message: String) -> DriverError {
        DriverError(.badArtifact, operation: "download artifact", subject: subject, message)
    }

    /// The address without user, password and query, which may be secrets.
    var subject: String {
        guard var parts = URLComponents(string: url) else { return "url artifact" }
        (parts.user, parts.password, parts.query, parts.fragment) = (nil, nil, nil, nil)
        return (parts.string ?? "url artifact").escapingControls
    }
}
