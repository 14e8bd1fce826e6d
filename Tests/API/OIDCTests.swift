import Crypto
import CurfewModel
import CurfewTestSupport
import Foundation
import JWTKit
import Synchronization
import Testing

@testable import CurfewAPI

/// Tokens of an identity provider: taken by its keys alone, whatever they say of themselves.
@Suite(.timeLimit(.minutes(1))) struct OIDCTests {
    /// A provider with one key, and a clock.
    private final class Fixture: Sendable {
        let server: IssuerServer
        let key = ES256PrivateKey()
        let moment = Mutex(Instant(milliseconds: 1_800_000_000_000))

        init() async throws {
            server = try await IssuerServer.start()
            server.publish(Self.jwk(key, "k1"))
        }

        static func jwk(_ key: ES256PrivateKey, _ id: String, extra: String = "") -> String {
            let parameters = key.parameters
            return """
                {"kty": "EC", "crv": "P-256", "kid": "\(id)", "alg": "ES256"\(extra), "x": "\(url(parameters?.x))",
                 "y": "\(url(parameters?.y))"}
                """
        }

        private static func url(_ text: String?) -> String {
            (text ?? "").replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }

        func provider() -> OIDCProvider {
            var settings = OIDCSettings(issuer: server.issuer, audience: "curfew")
            (settings.viewers, settings.operators) = (["dev"], ["sre"])
            settings.allowsPlainLoopback = true
            settings.now = { self.moment.withLock { $0 } }
            return OIDCProvider(settings)
        }

        func pass(_ span: Span) { moment.withLock { $0 = $0 + span } }
        var seconds: Double { Double(moment.withLock { $0 }.milliseconds / 1000) }

        func claims(_ changes: [String: Claims.Value?] = [:]) -> Claims {
            var values: [String: Claims.Value] = [
                "iss": .text(server.issuer), "aud": .words(["other", "curfew"]), "sub": .text("u1"),
                "email": .text("alice@example.org"), "groups": .words(["dev"]), "exp": .number(seconds + 300),
                "iat": .number(seconds), "nbf": .number(seconds),
            ]
            for (name, value) in changes { values[name] = value }
            return Claims(values)
        }

        func token(_ changes: [String: Claims.Value?] = [:], kid: String = "k1", key: ES256PrivateKey? = nil) async throws
            -> String
        {
            let keys = JWTKeyCollection()
            await keys.add(ecdsa: key ?? self.key, kid: JWKIdentifier(string: kid))
            return try await keys.sign(claims(changes), kid: JWKIdentifier(string: kid))
        }
    }

    private func refusal(_ provider: OIDCProvider, _ token: String) async -> Problem? {
        do {
            _ = try await provider.identity(of: token)
            return nil
        } catch { return error as? Problem }
    }

    @Test func groupsGiveRoles() async throws {
        let fixture = try await Fixture()
        let provider = fixture.provider()
        let viewer = try await provider.identity(of: try await fixture.token()).caller
        let name = "oidc sub=u1 iss=\(fixture.server.issuer)"
        #expect(viewer == Caller(name: name, role: .viewer, isExplicit: true))
        let boss = try await provider.identity(of: try await fixture.token(["groups": .words(["dev", "sre"])])).caller
        #expect(boss.role == .operator)
        let single = try await provider.identity(
            of: try await fixture.token(["groups": .text("sre"), "aud": .text("curfew")])
        ).caller
        #expect(single.role == .operator)
        for groups in [Claims.Value.words([]), .words(["SRE"]), .text("sre dev"), .number(1), .other] {
            let found = await refusal(provider, try await fixture.token(["groups": groups]))
            #expect(found?.status == .forbidden)
        }
        await fixture.server.stop()
    }

    /// A name of the journal is what the provider vouches for, and no claim can look like another one.
    @Test func callersAreNamedByWhatWasVerified() async throws {
        let fixture = try await Fixture()
        let provider = fixture.provider()
        let issuer = "iss=\(fixture.server.issuer)"
        let bytes = (0..<256).map { String(UnicodeScalar($0) ?? " ") }.joined()
        for (changes, wanted) in [
            (["email_verified": .flag(true)], "oidc sub=u1 \(issuer) email=alice@example.org"),
            (["email_verified": .flag(false)], "oidc sub=u1 \(issuer)"),
            (["email_verified": .text("true")], "oidc sub=u1 \(issuer)"),
            (["email_verified": .number(1)], "oidc sub=u1 \(issuer)"),
            (["preferred_username": .text("root")], "oidc sub=u1 \(issuer)"),
            (["sub": .text("u1 email=root@example.org")], "oidc sub=u1%20email%3Droot@example.org \(issuer)"),
            (["sub": .text("a\nb\u{202E}\u{301}")], "oidc sub=a%0Ab%E2%80%AE%CC%81 \(issuer)"),
        ] as [([String: Claims.Value?], String)] {
            let name = try await provider.identity(of: try await fixture.token(changes)).caller.name
            #expect(name == wanted)
        }
        let name = try await provider.identity(of: try await fixture.token(["sub": .text(String(bytes.prefix(120)))])).caller
            .name
        #expect(name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && name.split(separator: " ").count == 3)
        for subject in ["", String(repeating: "x", count: 256)] {
            await #expect(throws: Problem.self) {
                try await provider.identity(of: try await fixture.token(["sub": .text(subject)]))
            }
        }
        let identity = try await provider.identity(of: try await fixture.token())
        #expect(provider.isCurrent(identity))
        fixture.pass(.seconds(331))
        #expect(!provider.isCurrent(identity))
    }

    @Test func whatIsClaimedIsChecked() async throws {
        let fixture = try await Fixture()
        let provider = fixture.provider()
        let now = fixture.seconds
        let wrong: [(String, [String: Claims.Value?])] = [
            ("expired", ["exp": .number(now - 31)]), ("never ends", ["exp": nil]),
            ("never ends", ["exp": .text("9999999999")]),
            ("time has not come", ["nbf": .number(now + 31)]), ("time has not come", ["nbf": .text("x")]),
            ("time has not come", ["iat": .number(now + 3600)]), ("another issuer", ["iss": .text("https://evil.example")]),
            ("another issuer", ["iss": .text(fixture.server.issuer + "/")]), ("another issuer", ["iss": nil]),
            ("somebody else", ["aud": .text("curfew2")]), ("somebody else", ["aud": .words([])]),
            ("somebody else", ["aud": nil]),
            ("names nobody", ["sub": nil, "email": nil]), ("never ends", ["exp": .number(1e300)]),
        ]
        for (words, changes) in wrong {
            let found = await refusal(provider, try await fixture.token(changes))
            #expect(
                found?.status == .unauthorized && found?.detail.contains(words) == true,
                "\(words): \(String(describing: found))")
        }
        // Within what clocks may differ by.
        _ = try await provider.identity(of: try await fixture.token(["exp": .number(now - 20), "nbf": .number(now + 20)]))
        await fixture.server.stop()
    }

    @Test func algorithmsAndKeysAreTheProvidersAlone() async throws {
        let fixture = try await Fixture()
        let provider = fixture.provider()
        func encoded(_ text: String) -> String {
            Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        let payload = encoded(
            String(decoding: try JSONEncoder().encode(fixture.claims(["groups": .text("sre")])), as: UTF8.self))
        // No signature at all, in every spelling.
        for alg in ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "RS1", "ES256K"] {
            let token = encoded("{\"alg\": \"\(alg)\", \"kid\": \"k1\"}") + "." + payload + "."
            let found = await refusal(provider, token)
            #expect(found?.detail.contains("algorithm is not taken") == true)
        }
        // Key confusion: HMAC with what everybody knows of the public key.
        let known = SymmetricKey(data: Data(Fixture.jwk(fixture.key, "k1").utf8))
        let head = encoded("{\"alg\": \"HS256\", \"kid\": \"k1\", \"typ\": \"JWT\"}") + "." + payload
        let code = Data(HMAC<SHA256>.authenticationCode(for: Data(head.utf8), using: known)).base64EncodedString()
        #expect(await refusal(provider, head + "." + code.replacing("=", with: ""))?.status == .unauthorized)
        // An algorithm that is taken, and that is not the key's.
        let token = encoded("{\"alg\": \"RS256\", \"kid\": \"k1\"}") + "." + payload + ".AAAA"
        #expect(await refusal(provider, token)?.detail.contains("not the key's") == true)
        // Another's key under the provider's name, a changed payload, a cut signature.
        #expect(await refusal(provider, try await fixture.token(key: ES256PrivateKey()))?.detail.contains("signature") == true)
        let parts = try await fixture.token().split(separator: ".").map(String.init)
        #expect(await refusal(provider, "\(parts[0]).\(payload).\(parts[2])")?.detail.contains("signature") == true)
        #expect(
            await refusal(provider, "\(parts[0]).\(parts[1]).\(parts[2].dropLast(4))")?.detail.contains("signature") == true)
        for text in ["", ".", "..", "a.b.c", String(repeating: "a", count: 9000), "{}.{}.{}", "\(parts[0]).\(parts[1])"] {
            #expect(await refusal(provider, text)?.status == .unauthorized)
        }
        let critical = encoded("{\"alg\": \"ES256\", \"kid\": \"k1\", \"crit\": [\"b64\"]}") + ".\(parts[1]).\(parts[2])"
        #expect(await refusal(provider, critical)?.detail.contains("extensions") == true)
        await fixture.server.stop()
    }

    @Test func keysAreCachedRotatedAndAskedForSeldom() async throws {
        let fixture = try await Fixture()
        let provider = fixture.provider()
        for _ in 0..<5 { _ = try await provider.identity(of: try await fixture.token()) }
        #expect(fixture.server.requests.count == 2)
        // Made-up keys make nobody ask more than once a minute.
        for number in 0..<20 {
            let found = await refusal(provider, try await fixture.token(kid: "made-up-\(number)"))
            #expect(found?.detail.contains("none of the provider's") == true)
        }
        #expect(fixture.server.requests.count == 2)
        let next = ES256PrivateKey()
        let strange = #"{"kty": "oct", "kid": "s", "k": "AAAA"}, {"kty": "quantum", "kid": "q"}, 5"#
        let encryption = Fixture.jwk(next, "enc", extra: ", \"use\": \"enc\"")
        fixture.server.publish("\(strange), \(encryption), \(Fixture.jwk(next, "k2", extra: ", \"use\": \"sig\""))")
        fixture.pass(.seconds(61))
        #expect(try await provider.identity(of: try await fixture.token(kid: "k2", key: next)).caller.role == .viewer)
        #expect(fixture.server.requests.count == 4)
        #expect(await refusal(provider, try await fixture.token(kid: "enc", key: next)) != nil)
        #expect(await refusal(provider, try await fixture.token()) != nil, "a key that was taken back is still good")
        // With the provider down, its last keys stay good for a day.
        fixture.server.set("/keys", .init(status: .internalServerError))
        fixture.pass(.seconds(7200))
        _ = try await provider.identity(of: try await fixture.token(kid: "k2", key: next))
        fixture.pass(.seconds(90_000))
        #expect(await refusal(provider, try await fixture.token(kid: "k2", key: next))?.status == .serviceUnavailable)
        await fixture.server.stop()
    }

    @Test func aProviderThatMisbehavesGivesNoKeys() async throws {
        let fixture = try await Fixture()
        let server = fixture.server
        let place = "/.well-known/openid-configuration"
        let replies: [IssuerServer.Reply] = [
            .init(status: .notFound), .init(body: "nonsense"), .init(body: "{}"),
            .init(body: String(repeating: "x", count: 1 << 20)),
            .init(body: "{\"issuer\": \"https://evil.example\", \"jwks_uri\": \"\(server.issuer)/keys\"}"),
            .init(body: "{\"issuer\": \"\(server.issuer)\", \"jwks_uri\": \"file:///etc/passwd\"}"),
            .init(body: "{\"issuer\": \"\(server.issuer)\", \"jwks_uri\": \"http://localhost/keys\"}"),
            .init(status: .movedPermanently, headers: [("Location", "\(server.issuer)/elsewhere")]),
        ]
        for reply in replies {
            server.set(place, reply)
            let found = await refusal(fixture.provider(), try await fixture.token())
            #expect(found?.status == .serviceUnavailable, "\(reply.body.prefix(80))")
        }
        #expect(!server.requests.contains("/elsewhere"))
        await server.stop()
        #expect(await refusal(fixture.provider(), try await fixture.token())?.status == .serviceUnavailable)
    }
}
