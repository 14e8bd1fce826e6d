import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// Finds out who asks.
struct Doorman: Sendable {
    /// How connections come in.
    enum Way: Sendable, Equatable {
        /// A Unix socket: the kernel says who it is.
        case unix
        case address
    }
    let way: Way
    let tokens: TokenFile?
    let identities: (any IdentityProvider)?
    let allowsAnonymousViewers: Bool
    /// Whether connections are encrypted.
    var isSecure = false

    /// Whether somebody can be known by a token.
    var knowsTokens: Bool { tokens != nil || identities != nil }

    /// Whether a token is good just now.
    func knows(_ token: String) async -> Bool { await (try? caller(of: token)) != nil }

    /// - Throws: ``Problem`` 401 or 403.
    func caller(_ request: Request, _ channel: any Channel) async throws -> Caller {
        let given = request.headers[values: .authorization]
        guard given.count <= 1 else { throw Self.unauthorized("more than one Authorization") }
        if let header = given.first { return try await named(header) }
        // A browser's, which sends it by itself: it proves nothing about who wrote the request.
        if let token = Cookie.token(in: request, isSecure: isSecure), var caller = try? await caller(of: token) {
            caller.isExplicit = false
            return caller
        }
        if way == .unix { return try await peer(of: channel) }
        if allowsAnonymousViewers { return .anonymous }
        throw Self.unauthorized("send Authorization: Bearer TOKEN")
    }

    private func named(_ header: String) async throws -> Caller {
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer", header.utf8.count <= 16_384 else {
            throw Self.unauthorized("Authorization has to be: Bearer TOKEN")
        }
        return try await caller(of: String(words[1]))
    }

    private func caller(of token: String) async throws -> Caller {
        if let caller = tokens?.caller(of: token) { return caller }
        if let identities, token.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2 {
            return try await identities.caller(of: token)
        }
        throw Self.unauthorized("the token is not known")
    }

    /// Root and the account of the service; the socket's mode keeps everybody else out before that.
    private func peer(of channel: any Channel) async throws -> Caller {
        guard let options = channel as? any SocketOptionProvider else { throw Self.unauthorized("nobody can tell who asks") }
        let peer: Peer
        do {
            peer = try await options.unsafeGetSocketOption(
                level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED)
            ).get()
        } catch { throw Self.unauthorized("the kernel does not say who asks") }
        guard peer.uid == 0 || peer.uid == geteuid() else {
            throw Problem(.forbidden, "only root and the account of the service may use this socket")
        }
        return Caller(name: "uid \(peer.uid)", role: .operator, isExplicit: false)
    }

    /// `struct ucred` of Linux.
    private struct Peer {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
    }

    static func unauthorized(_ detail: String) -> Problem {
        Problem(.unauthorized, detail, headers: [.wwwAuthenticate: "Bearer realm=\"curfew\""])
    }
}

/// Knows people by tokens of somebody else's making.
protocol IdentityProvider: Sendable {
    /// Who shows this token.
    /// - Throws: ``Problem``: 401 when it is not good, 403 when it gives no role, 503 when nobody can tell just now.
    func caller(of token: String) async throws -> Caller
}
