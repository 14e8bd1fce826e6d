import CurfewModel
import Foundation
import JWTKit

/// Whose tokens are taken, and what their groups may do.
public struct OIDCSettings: Sendable {
    /// As it stands in `iss`; the discovery document lies below it.
    public var issuer: String
    /// What has to stand in `aud`.
    public var audience: String
    /// The claim with a person's groups: a list of words, or one.
    public var groupsClaim = "groups"
    /// Groups that may look.
    public var viewers: Set<String> = []
    /// Groups that may look and ask.
    public var operators: Set<String> = []
    /// For tests: an issuer at http://127.0.0.1.
    var allowsPlainLoopback = false
    /// The time; tokens are judged by it.
    var now: @Sendable () -> Instant = { .wallClock }

    /// Nobody yet.
    public init(issuer: String, audience: String) { (self.issuer, self.audience) = (issuer, audience) }
}

/// Judges tokens of an OpenID Connect provider: by its keys and by them alone, whatever a token says about itself.
actor OIDCProvider: IdentityProvider {
    /// Clocks differ by that much.
    static let leeway = Span.seconds(30)
    /// The only algorithms that are taken: `none` and everything with a shared secret is not among them.
    static let algorithms: Set<String> = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]
    private let settings: OIDCSettings
    private let keys: ProviderKeys

    init(_ settings: OIDCSettings) {
        self.settings = settings
        keys = ProviderKeys(settings)
    }

    private struct Header: Decodable {
        var alg: String
        var kid: String?
        var crit: [String]?
    }

    nonisolated func isCurrent(_ identity: Identity) -> Bool { settings.now() < identity.end }

    func identity(of token: String) async throws -> Identity {
        guard token.utf8.count <= 8192, let header = Self.header(of: token) else { throw Self.refused("it is no JWT") }
        guard Self.algorithms.contains(header.alg) else { throw Self.refused("its algorithm is not taken") }
        guard header.crit == nil else { throw Self.refused("it asks for extensions that are not known") }
        guard let kid = header.kid, (1...256).contains(kid.utf8.count) else { throw Self.refused("it names no key") }
        let found: JWK?
        do { found = try await keys.key(kid) } catch {
            throw Problem(
                .serviceUnavailable, "the identity provider cannot be asked for its keys just now", headers: [.retryAfter: "60"]
            )
        }
        guard let key = found else { throw Self.refused("its key is none of the provider's") }
        if let algorithm = key.algorithm, algorithm.rawValue != header.alg {
            throw Self.refused("its algorithm is not the key's")
        }
        let claims: Claims
        do {
            let collection = JWTKeyCollection()
            try await collection.add(jwk: key)
            claims = try await collection.verify(token, as: Claims.self)
        } catch { throw Self.refused("its signature is wrong") }
        return try judge(claims)
    }

    private func judge(_ claims: Claims) throws -> Identity {
        let now = settings.now().milliseconds
        let leeway = Self.leeway.milliseconds
        guard claims.text("iss") == settings.issuer else { throw Self.refused("it is another issuer's") }
        guard claims.words("aud").contains(settings.audience) else { throw Self.refused("it was made for somebody else") }
        guard let expiry = claims.milliseconds("exp") else { throw Self.refused("it never ends") }
        guard now < expiry + leeway else { throw Self.refused("it has expired") }
        for claim in ["nbf", "iat"] {
            guard claims.values[claim] == nil || (claims.milliseconds(claim).map { now >= $0 - leeway } ?? false) else {
                throw Self.refused("its time has not come")
            }
        }
        guard let subject = claims.text("sub"), (1...255).contains(subject.utf8.count) else {
            throw Self.refused("it names nobody")
        }
        let groups = Set(claims.words(settings.groupsClaim))
        let role: Caller.Role
        if !groups.isDisjoint(with: settings.operators) {
            role = .operator
        } else if !groups.isDisjoint(with: settings.viewers) {
            role = .viewer
        } else {
            throw Problem(.forbidden, "none of your groups may look here")
        }
        return Identity(
            caller: Caller(name: name(of: subject, claims), role: role, isExplicit: true),
            end: Instant(milliseconds: expiry + leeway))
    }

    /// Who it is, by what the provider vouches for: the subject, and the address only when the provider has verified it. One
    /// word each, so that no subject looks like more than it is.
    private func name(of subject: String, _ claims: Claims) -> String {
        var words = ["oidc", "sub=\(Self.word(subject))", "iss=\(Self.word(settings.issuer))"]
        if claims.isTrue("email_verified"), let email = claims.text("email"), (3...254).contains(email.utf8.count) {
            words.append("email=\(Self.word(email))")
        }
        return words.joined(separator: " ")
    }

    /// Plain characters stay, every other byte is percent-encoded.
    private static func word(_ text: String) -> String {
        let plain = Set("-._~@:/+|".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { byte -> [UInt8] in
            let isAlphanumeric =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isAlphanumeric || plain.contains(byte) ? [byte] : [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func header(of token: String) -> Header? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var text = parts[0].replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        return Data(base64Encoded: String(text)).flatMap { try? JSONDecoder().decode(Header.self, from: $0) }
    }

    private static func refused(_ why: String) -> Problem { Doorman.unauthorized("the token is not good: \(why)") }
}

/// What a token claims, with only the shapes that are asked for.
struct Claims: JWTPayload {
    enum Value: Codable, Sendable {
        case text(String)
        case words([String])
        case number(Double)
        case flag(Bool)
        case other

        init(from decoder: any Swift.Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let words = try? container.decode([String].self) {
                self = .words(words)
            } else if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .other
            }
        }

        func encode(to encoder: any Swift.Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .words(let words): try container.encode(words)
            case .number(let number): try container.encode(number)
            case .flag(let flag): try container.encode(flag)
            case .other: try container.encodeNil()
            }
        }
    }
    var values: [String: Value]

    init(_ values: [String: Value]) { self.values = values }
    init(from decoder: any Swift.Decoder) throws { values = try decoder.singleValueContainer().decode([String: Value].self) }

    func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    /// The signature alone is checked by the library; what is claimed is judged by whoever knows the time and the settings.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    func text(_ name: String) -> String? { if case .text(let text)? = values[name] { text } else { nil } }

    func words(_ name: String) -> [String] {
        switch values[name] {
        case .text(let text): [text]
        case .words(let words): words
        default: []
        }
    }

    func isTrue(_ name: String) -> Bool { if case .flag(true)? = values[name] { true } else { false } }

    /// Seconds since 1970, as milliseconds; `nil` for what is no time.
    func milliseconds(_ name: String) -> Int64? {
        guard case .number(let seconds)? = values[name], abs(seconds) < 1e12 else { return nil }
        return Int64(seconds * 1000)
    }
}
