import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewAPI

/// Who gets into the console, and what a tricked browser can do there: nothing.
@Suite struct ConsoleDoorTests {
    private func proof(_ page: Answer) throws -> String {
        let parts = page.body.components(separatedBy: "name=\"form\" value=\"")
        return String(try #require(parts.dropFirst().first).prefix { $0 != "\"" })
    }

    /// The cookie that signing in with a token gives.
    private func signIn(_ base: String, _ token: String, _ arguments: String...) async throws -> String {
        let answer = try await ask("\(base)/sign-in", body: "token=\(token)&next=/")
        return String(try #require(answer.headers["set-cookie"]).prefix { $0 != ";" })
    }

    @Test(.timeLimit(.minutes(1))) func aTokenLetsInAndItsEndPutsOut() async throws {
        var house = try House("console")
        let (viewer, boss) = try house.addTokens()
        house.settings.allowsAnonymousViewers = false
        let scratch = house.scratch
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let stranger = try await ask("\(base)/journal?text=x")
            #expect(stranger.code == 303 && stranger.headers["location"] == "/sign-in?next=%2Fjournal%3Ftext%3Dx")
            let wrong = try await ask("\(base)/sign-in", body: "token=curfew_wrong&next=/")
            #expect(wrong.code == 401 && wrong.headers["set-cookie"] == nil)
            for next in [
                "//evil.example", "https://evil.example", "/%5C%5Cevil.example", "/a%0d%0aSet-Cookie:x=1", "javascript:x",
            ] {
                let answer = try await ask("\(base)/sign-in", body: "token=\(viewer)&next=\(next)")
                #expect(answer.code == 303 && answer.headers["location"] == "/", "\(next)")
            }
            let signed = try await ask("\(base)/sign-in", body: "token=\(viewer)&next=%2Faccess")
            #expect(signed.code == 303 && signed.headers["location"] == "/access")
            let cookie = try #require(signed.headers["set-cookie"])
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"))
            let own = String(cookie.prefix { $0 != ";" })
            #expect(try await ask("\(base)/access", "-b", own).code == 200)
            #expect(try await ask("\(base)/api/v1/status", "-b", own).code == 200)
            // A viewer's page has no operator's form, and a form made up does nothing.
            let page = try await ask("\(base)/", "-b", own)
            #expect(!page.body.contains("action=\"/act\""))
            let form = try proof(page)
            #expect(try await ask("\(base)/act", "-b", own, body: "form=\(form)&do=pause").code == 403)
            #expect(try await ask("\(base)/sessions/r-1", "-b", own).code == 403)
            let out = try await ask("\(base)/sign-out", "-b", own, body: "form=\(form)")
            #expect(out.code == 303 && out.headers["set-cookie"]?.contains("Max-Age=0") ?? false)
            // Whoever kept the cookie has nothing.
            #expect(try await ask("\(base)/access", "-b", own).code == 303)
            // The token is taken out of the file: the session is over.
            let second = try await signIn(base, viewer)
            #expect(try await ask("\(base)/access", "-b", second).code == 200)
            _ = try scratch.write("tokens", "# nobody\n")
            chmod(scratch.file("tokens"), 0o600)
            #expect(try await ask("\(base)/access", "-b", second).code == 303)
            #expect(try await ask("\(base)/access", "-b", "curfew=\(boss)").code == 303)
        }
        #expect(house.host.wishes.isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func formsOfOthersDoNothing() async throws {
        var house = try House("console")
        let (viewer, boss) = try house.addTokens()
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let own = try await signIn(base, boss)
            let page = try await ask("\(base)/", "-b", own)
            let form = try proof(page)
            let again = try await ask("\(base)/", "-b", own)
            #expect(try proof(again) != form)
            let others = try await ask("\(base)/", "-b", try await signIn(base, viewer))
            let other = try proof(others)
            for body in [
                "do=pause", "form=&do=pause", "form=00&do=pause", "form=\(other)&do=pause", "form=\(form.reversed())&do=pause",
            ] {
                #expect(try await ask("\(base)/act", "-b", own, body: body).code == 403, "\(body)")
            }
            for header in [
                "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example", "Origin: null",
            ] {
                #expect(try await ask("\(base)/act", "-b", own, "-H", header, body: "form=\(form)&do=pause").code == 403)
            }
            // The cookie alone does nothing over the API either.
            #expect(try await ask("\(base)/api/v1/pause", "-b", own, "-X", "POST").code == 403)
            #expect(try await ask("\(base)/act?do=pause", "-b", own).code == 405)
            #expect(house.host.wishes.isEmpty)
            let done = try await ask(
                "\(base)/act", "-b", own, "-H", "Origin: http://127.0.0.1:\(port)", "-H", "Sec-Fetch-Site: same-origin",
                body: "form=\(form)&do=pause&back=%2Ftimeline")
            #expect(done.code == 303 && done.headers["location"] == "/timeline")
            #expect(house.host.wishes.contains { $0.hasPrefix("operator.pause") })
            #expect(try await ask("\(base)/act", "-b", own, body: "form=\(form)&do=destroy").code == 400)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aTunnelToTheSocketIsNoWayForOtherNames() async throws {
        var house = try House("console")
        house.settings.address = .unix(house.socket)
        let socket = house.socket
        try await house.run { _ in
            let known = try await ask("http://localhost:8080/", "--unix-socket", socket)
            #expect(known.code == 200)
            let rebound = try await ask("http://rebound.example:8080/", "--unix-socket", socket)
            #expect(rebound.code == 421)
        }
    }
}
