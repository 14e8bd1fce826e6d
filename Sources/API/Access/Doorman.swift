import Crypto
import CurfewModel
import Foundation
import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// Finds out who asks. Believes what the kernel says, a token, or a session that a token has begun; no header that somebody
/// on the way may have added.
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
    let sessions: ConsoleSessions
    let cookie: SessionCookie

    /// Whether somebody can be known by a token.
    var knowsTokens: Bool { tokens != nil || identities != nil }

    /// - Throws: ``Problem`` 401 or 403.
    func caller(_ request: Request, _ channel: any Channel) async throws -> Caller {
        let given = request.headers[values: .authorization]
        guard given.count <= 1 else { throw Self.unauthorized("more than one Authorization") }
        if let header = given.first { return try await named(header) }
        if let caller = signedIn(request) { return caller }
        if way == .unix { return try await peer(of: channel) }
        if allowsAnonymousViewers { return .anonymous }
        throw Self.unauthorized("send Authorization: Bearer TOKEN")
    }

    private func named(_ header: String) async throws -> Caller {
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer", header.utf8.count <= 16_384 else {
            throw Self.unauthorized("Authorization has to be: Bearer TOKEN")
        }
        let token = String(words[1])
        guard let caller = caller(of: try await credential(of: token)) else { throw Self.unknown }
        return caller
    }

    /// What a token is worth just now.
    /// - Throws: ``Problem`` when it is worth nothing, or nobody can tell.
    func credential(of token: String) async throws -> ConsoleSessions.Credential {
        let digest = Array(SHA256.hash(data: Data(token.utf8)))
        if tokens?.caller(ofDigest: digest) != nil { return .token(digest) }
        if let identities, token.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2 {
            return .identity(try await identities.identity(of: token))
        }
        throw Self.unknown
    }

    private func caller(of credential: ConsoleSessions.Credential) -> Caller? {
        switch credential {
        case .token(let digest): tokens?.caller(ofDigest: digest)
        case .identity(let identity): identities?.isCurrent(identity) ?? false ? identity.caller : nil
        }
    }

    /// Whoever a browser's session is of. It sends the cookie by itself: that proves nothing about who wrote the request. What
    /// the session rests on is asked again each time, so that it ends with the token.
    private func signedIn(_ request: Request) -> Caller? {
        guard let id = cookie.id(in: request), let found = sessions.find(id) else { return nil }
        guard var caller = caller(of: found.credential) else {
            sessions.end(id)
            return nil
        }
        (caller.isExplicit, caller.session) = (false, found.key)
        return caller
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

    private static var unknown: Problem { unauthorized("the token is not known") }

    static func unauthorized(_ detail: String) -> Problem {
        Problem(.unauthorized, detail, headers: [.wwwAuthenticate: "Bearer realm=\"curfew\""])
    }
}

/// Knows people by tokens of somebody else's making.
protocol IdentityProvider: Sendable {
    /// Who shows this token.
    /// - Throws: ``Problem``: 401 when it is not good, 403 when it gives no role, 503 when nobody can tell just now.
    func identity(of token: String) async throws -> Identity
    /// Whether the token that named somebody would still be good.
    func isCurrent(_ identity: Identity) -> Bool
}
