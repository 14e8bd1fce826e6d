import AsyncHTTPClient
import CurfewModel
import Foundation
import NIOHTTP1
import NIOSSL

/// Git's smart protocol over http(s), spoken by this program's own client in the place of libgit2's, which follows redirects to
/// other ports and paths of a host and knows no least version of TLS.
///
/// The token goes to the configured scheme, host and port and nowhere else, because nothing else is ever asked.
final class HTTPTransport {
    /// What a request is for.
    enum Service: Sendable {
        case listForFetch, fetch, listForPush, push
        var isList: Bool { self == .listForFetch || self == .listForPush }
        var name: String { self == .listForFetch || self == .fetch ? "git-upload-pack" : "git-receive-pack" }
    }

    /// Scheme, host, port and path; no user.
    private let base: String
    private let branch: String
    private let limit: Span
    /// Most bytes of an answer that is no list.
    var longest: Int
    private let client: HTTPClient
    /// `name:token` in Base64; `nil` until the server asks, which it may do once.
    private var authorization: String?
    private let token: (String) throws(GitError) -> String
    private let subject: String

    /// - Parameter token: called when the server wants a login.
    init(
        url: RemoteURL, authorityFile: String?, branch: String, longest: Int, within limit: Span,
        token: @escaping (String) throws(GitError) -> String
    ) throws(GitError) {
        (self.branch, self.longest, self.limit, self.token) = (branch, longest, limit, token)
        (base, subject) = (url.base, RemoteURL.redact(url.text))
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authorityFile { tls.trustRoots = .file(authorityFile) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, decompression: .disabled)
        configuration.timeout = .init(
            connect: .milliseconds(max(1, limit.milliseconds)), read: .milliseconds(max(1, limit.milliseconds)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        // It lives as long as this process, which does one exchange.
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        _ = Unmanaged.passRetained(client)
    }

    /// Asks, logs in if that is wanted, and takes nothing but the answer that was asked for.
    func exchange(_ service: Service, body: [UInt8] = []) throws -> HTTPBody {
        for _ in 0..<2 {
            let exchange = try HTTPExchange(request(service, body), with: client, within: limit)
            let head = try failing { try exchange.answer() }
            if head.status == .unauthorized, authorization == nil {
                authorization = try token(head.headers["www-authenticate"].joined(separator: ", "))
                continue
            }
            try check(head, service)
            return HTTPBody(
                exchange, filter: service.isList ? ReferenceFilter(branch: branch) : nil,
                longest: service.isList ? HTTPBody.longestList : longest, subject: subject)
        }
        throw error(.authentication, "the server refused the credentials")
    }

    private func request(_ service: Service, _ body: [UInt8]) throws -> HTTPClient.Request {
        var headers = HTTPHeaders([("User-Agent", "git/2.39 (curfew)"), ("Accept-Encoding", "identity")])
        if let authorization { headers.add(name: "Authorization", value: "Basic \(authorization)") }
        let path = service.isList ? "/info/refs?service=\(service.name)" : "/\(service.name)"
        if !service.isList {
            headers.add(name: "Content-Type", value: "application/x-\(service.name)-request")
            headers.add(name: "Accept", value: "application/x-\(service.name)-result")
        }
        do {
            return try HTTPClient.Request(
                url: base + path, method: service.isList ? .GET : .POST, headers: headers,
                body: service.isList ? nil : .bytes(body))
        } catch { throw self.error(.invalid, "the address cannot be used: \(error)") }
    }

    private func check(_ head: HTTPResponseHead, _ service: Service) throws(GitError) {
        switch head.status.code {
        case 200: break
        case 300..<400:
            let target = head.headers.first(name: "location") ?? "nowhere"
            throw error(
                .redirected,
                "the server points to another address; configure the final one as repository.url: \(place(target, service))")
        case 401: throw error(.authentication, "the server refused the credentials (status 401)")
        case 403: throw error(.authentication, "these credentials may not do this (status 403)")
        case 404, 410:
            throw error(
                .notARepository, "there is no such repository, or these credentials may not see it (status \(head.status.code))"
            )
        default: throw error(.unreachable, "the server answered with status \(head.status.code)")
        }
        let wanted = "application/x-\(service.name)-\(service.isList ? "advertisement" : "result")"
        guard let type = head.headers.first(name: "content-type"), type.utf8.elementsEqual(wanted.utf8) else {
            throw error(.notARepository, "there is a web server, but no Git repository")
        }
    }

    /// The address of a redirect, without what was asked for, without a password and short.
    private func place(_ target: String, _ service: Service) -> String {
        let end = target.firstRange(of: "/info/refs")?.lowerBound ?? target.endIndex
        return RemoteURL.redact(String(target[..<end].prefix(300))).escapingControls
    }

    func failing<Result>(_ body: () throws -> Result) throws(GitError) -> Result {
        do { return try body() } catch { throw HTTPBody.explain(error, subject) }
    }

    private func error(_ code: GitError.Code, _ message: String) -> GitError {
        GitError(code, operation: "connect to", subject: subject, message)
    }
}

/// The body of an answer, with what is read from it and never kept.
final class HTTPBody {
    /// Most bytes that a list of references may have.
    static let longestList = 256 << 20
    private let exchange: HTTPExchange
    private var filter: ReferenceFilter?
    private let subject: String
    private let longest: Int
    private var total = 0

    init(_ exchange: HTTPExchange, filter: ReferenceFilter?, longest: Int, subject: String) {
        (self.exchange, self.filter, self.longest, self.subject) = (exchange, filter, longest, subject)
    }

    /// Reads some bytes; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(GitError) -> Int {
        do {
            guard var filter else {
                let count = try exchange.read(into: buffer)
                total += count
                // As much again for what stands around the pack.
                guard total <= longest + longest / 8 + (1 << 20) else { throw tooMuch() }
                return count
            }
            self.filter = nil
            defer { self.filter = filter }
            while true {
                let ready = filter.take(into: buffer)
                if ready > 0 { return ready }
                let count = try exchange.read(into: buffer)
                if count == 0 { return filter.rest(into: buffer) }
                total += count
                guard total <= longest, filter.add(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
                    throw GitError(
                        .tooLarge, operation: "fetch from", subject: subject,
                        "it lists more references than are read (\(Self.longestList >> 20) MiB, or a line that is none); remove some"
                    )
                }
            }
        } catch { throw Self.explain(error, subject) }
    }

    private func tooMuch() -> GitError {
        GitError(
            .tooLarge, operation: "fetch from", subject: subject,
            "it sends more than \(longest >> 20) MiB at once; if that is right, set repository.maxFetch higher")
    }

    /// What went wrong on the network, told for people.
    static func explain(_ error: any Error, _ subject: String) -> GitError {
        if let error = error as? GitError { return error }
        let text = "\(error)"
        func says(_ words: String...) -> Bool { words.contains { text.lowercased().contains($0) } }
        if says("certificate", "verify_failed", "nohostnamematch", "unabletovalidate", "wrongversion", "unsupported_protocol") {
            return GitError(
                .certificate, operation: "connect to", subject: subject,
                "its certificate is not trusted, does not name this host, or it speaks no TLS 1.2; name its authority as credentials.caFile"
            )
        }
        if says("timeout", "deadline") {
            return GitError(.timedOut, operation: "connect to", subject: subject, "no answer in time")
        }
        if says("httpparser", "invalidheader", "contentlength", "uncleanshutdown", "remoteconnectionclosed") {
            return GitError(
                .corrupt, operation: "fetch from", subject: subject,
                "what the server sent is damaged or incomplete (\(text.prefix(120).description.escapingControls))")
        }
        return GitError(
            .unreachable, operation: "connect to", subject: subject,
            "it cannot be reached (\(text.prefix(200).description.escapingControls))")
    }
}
