import Crypto
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewAPI

/// Hints from forges: only with the secret, only a hint, and not too many.
@Suite struct WebhookTests {
    private static let secret = "a-secret-of-24-characters"

    private func house() throws -> House {
        var house = try House("hooks")
        house.settings.allowsAnonymousViewers = false
        let file = try house.scratch.write("secret", Self.secret + "\n")
        for forge in ["github", "gitlab", "gitea", "generic"] { house.settings.webhooks[forge] = file }
        return house
    }

    private func signature(_ body: String, _ secret: String = Self.secret) -> String {
        HMAC<SHA256>.authenticationCode(for: Data(body.utf8), using: SymmetricKey(data: Data(secret.utf8)))
            .map { (String($0, radix: 16).count == 1 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(.timeLimit(.minutes(1))) func eachForgeIsTakenByItsOwnSignature() async throws {
        let house = try house()
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)/hooks"
            // Nothing of it is parsed, so it need not even be JSON.
            let body = "{\"ref\": \"refs/heads/main\"} not json"
            let code = signature(body)
            let headers = [
                "github": "X-Hub-Signature-256: sha256=\(code)", "gitea": "X-Gitea-Signature: \(code)",
                "generic": "X-Curfew-Signature-256: sha256=\(code)", "gitlab": "X-Gitlab-Token: \(Self.secret)",
            ]
            for (forge, header) in headers.sorted(by: { $0.key < $1.key }) {
                let before = house.host.wishes.count
                let taken = try await ask("\(base)/\(forge)", "-H", header, body: body)
                #expect(taken.code == 202)
                #expect(house.host.wishes.count == before + 1 && house.host.wishes.last == "sync")
                let again = try await ask("\(base)/\(forge)", "-H", header, body: body)
                #expect(again.code == 202 && again.json["done"] as? String != "fetch")
                #expect(house.host.wishes.count == before + 1, "a replay was taken: \(forge)")
            }
            let looked = try await ask("\(base)/github", "-X", "GET")
            #expect(looked.code == 405)
            let unknown = try await ask("\(base)/bitbucket", body: "x")
            #expect(unknown.code == 404)
        }
    }

    @Test(.timeLimit(.minutes(1))) func nothingElseIsTaken() async throws {
        let house = try house()
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)/hooks"
            let code = signature("body")
            for header in [
                "X-None: 1", "X-Hub-Signature-256: sha256=", "X-Hub-Signature-256: \(code)", "X-Hub-Signature: sha1=abc",
                "X-Hub-Signature-256: sha256=\(signature("other"))", "X-Hub-Signature-256: sha256=\(signature("body", ""))",
                "X-Hub-Signature-256: sha256=\(code.uppercased())", "X-Hub-Signature-256: sha256=\(code)00",
                "X-Hub-Signature-256: sha512=\(code)", "X-Gitlab-Token: \(Self.secret)",
            ] {
                let refused = try await ask("\(base)/github", "-H", header, body: "body")
                #expect(refused.code == 401, "\(header)")
            }
            let good = "X-Hub-Signature-256: sha256=\(code)"
            let refused = try await ask("\(base)/github", "-H", good, "-H", good, body: "body")
            #expect(refused.code == 401)
            for token in ["", "x", Self.secret + "x", String(Self.secret.dropLast()), code] {
                let refused = try await ask("\(base)/gitlab", "-H", "X-Gitlab-Token: \(token)", body: "body")
                #expect(refused.code == 401)
            }
            #expect(house.host.wishes.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aSecretThatKeepsNobodyOutIsNone() async throws {
        var house = try house()
        for (name, text) in [("github", ""), ("gitlab", " \n\n"), ("gitea", "short")] {
            house.settings.webhooks[name] = try house.scratch.write("secret-\(name)", text)
        }
        house.settings.webhooks["generic"] = house.scratch.file("missing")
        try await house.run { port in
            for (forge, header) in [
                ("github", "X-Hub-Signature-256: sha256=\(signature("b", ""))"), ("gitlab", "X-Gitlab-Token;"),
                ("gitea", "X-Gitea-Signature: \(signature("b", "short"))"),
                ("generic", "X-Curfew-Signature-256: sha256=\(signature("b", ""))"),
            ] {
                let found = try await ask("http://127.0.0.1:\(port)/hooks/\(forge)", "-H", header, body: "b")
                #expect(found.code == 503, "\(forge)")
            }
            #expect(house.host.wishes.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1))) func fiftyMegabytesAreRefusedUnread() async throws {
        let house = try house()
        let large = try house.scratch.write("large", String(repeating: "x", count: 50 << 20))
        try await house.run { port in
            let url = "http://127.0.0.1:\(port)/hooks/github"
            // Without the form of a signature nobody looks at how much it is.
            let stranger = try await ask(url, "-H", "Expect:", body: "@\(large)")
            #expect(stranger.code == 401)
            let signature = "X-Hub-Signature-256: sha256=" + String(repeating: "0", count: 64)
            let told = try await ask(url, "-H", "Expect:", "-H", signature, body: "@\(large)")
            #expect(told.code == 413 && told.headers["connection"] == "close")
            let chunked = try await ask(
                url, "-H", "Expect:", "-H", signature, "-H", "Transfer-Encoding: chunked", body: "@\(large)")
            #expect(chunked.code == 413)
            let alive = try await ask("http://127.0.0.1:\(port)/healthz")
            #expect(alive.code == 200)
        }
    }

    @Test func hintsAreBounded() {
        let memory = DeliveryMemory()
        let start = ContinuousClock.now
        let first = (0..<100).map { memory.note("d\($0)", now: start) }
        #expect(first.count(where: { $0 == .fresh }) == 20 && first.count(where: { $0 == .tooMany }) == 80)
        #expect(memory.note("d0", now: start) == .replayed)
        #expect(memory.note("later", now: start + .seconds(2)) == .fresh)
        // The oldest are forgotten, the newest are not.
        for number in 0..<20_000 { _ = memory.note("e\(number)", now: start + .seconds(10 + number)) }
        #expect(memory.note("e19999", now: start + .seconds(30_000)) == .replayed)
        #expect(memory.note("d0", now: start + .seconds(30_001)) == .fresh)
    }
}
