import CurfewModel
import CurfewTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization
import Testing

@testable import CurfewAPI

/// What a browser keeps is an id that means something to one Curfew in one run, and nothing to anybody else.
@Suite struct ConsoleSessionTests {
    private final class Clock: Sendable {
        private let passed = Mutex(Duration.zero)
        private let start = ContinuousClock.now
        var now: ContinuousClock.Instant { start + passed.withLock { $0 } }
        func pass(_ time: Duration) { passed.withLock { $0 += time } }
    }

    private func signIn(_ base: String, _ token: String, _ words: String...) async throws -> (cookie: String, whole: String) {
        let answer = try await ask("\(base)/sign-in", "-b", words.first ?? "x=y", body: "token=\(token)&next=/")
        let whole = try #require(answer.headers["set-cookie"])
        return (String(whole.prefix { $0 != ";" }), whole)
    }

    @Test func sessionsEndByThemselvesAndAreBounded() {
        let clock = Clock()
        var limits = ConsoleSessions.Limits()
        (limits.sessions, limits.sessionsOfOne) = (5, 3)
        let sessions = ConsoleSessions(limits) { clock.now }
        let (one, other) = (ConsoleSessions.Credential.token([1]), ConsoleSessions.Credential.token([2]))
        let first = sessions.begin(one)
        #expect(first.utf8.count == 43 && sessions.find(first)?.credential == one)
        #expect(sessions.find(first + "x") == nil && sessions.find("") == nil)
        // Used all the time, and yet it ends.
        for _ in 0..<12 {
            clock.pass(.seconds(3600))
            _ = sessions.find(first)
        }
        #expect(sessions.find(first) == nil)
        let idle = sessions.begin(one)
        clock.pass(.seconds(7201))
        #expect(sessions.find(idle) == nil)
        // Somebody who signs in again and again puts out themselves.
        let others = sessions.begin(other)
        let many = (0..<10).map { _ in sessions.begin(one) }
        #expect(sessions.find(others) != nil && sessions.count == 4)
        #expect(Set(many).count == 10 && many.suffix(3).allSatisfy { sessions.find($0) != nil })
        sessions.end(others)
        #expect(sessions.find(others) == nil)
        for holder in UInt8(3)...20 { _ = sessions.begin(.token([holder])) }
        #expect(sessions.count == 5)
    }

    @Test(.timeLimit(.minutes(1))) func aCookieIsWorthNothingElsewhere() async throws {
        var (house, other) = (try House("console"), try House("console"))
        let (_, boss) = try house.addTokens()
        let tokens = try String(contentsOfFile: house.scratch.file("tokens"), encoding: .utf8)
        other.settings.tokens = try other.scratch.write("tokens", tokens)
        chmod(other.scratch.file("tokens"), 0o600)
        (house.settings.allowsAnonymousViewers, other.settings.allowsAnonymousViewers) = (false, false)
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let (cookie, whole) = try await signIn(base, boss)
            #expect(try await ask("\(base)/access", "-b", cookie).code == 200)
            for secret in [boss, "cft_"] { #expect(!whole.contains(secret)) }
            // As a bearer token it opens nothing.
            let id = String(cookie.split(separator: "=")[1])
            #expect(try await ask("\(base)/api/v1/status", "-H", "Authorization: Bearer \(id)").code == 401)
            try await other.run { port in
                let elsewhere = "http://127.0.0.1:\(port)"
                let theirs = try await signIn(elsewhere, boss).cookie
                // Two instances of one host do not overwrite each other's, and do not read each other's.
                #expect(theirs.split(separator: "=")[0] != cookie.split(separator: "=")[0])
                #expect(try await ask("\(elsewhere)/access", "-b", cookie).code == 303)
                let renamed = "\(theirs.split(separator: "=")[0])=\(id)"
                #expect(try await ask("\(elsewhere)/access", "-b", renamed).code == 303)
                #expect(try await ask("\(elsewhere)/access", "-b", "\(cookie); \(theirs)").code == 200)
            }
            // Twice the same name: somebody else has added one.
            #expect(try await ask("\(base)/access", "-b", "\(cookie); \(cookie)").code == 303)
        }
        // The next run knows nobody; the port may be another, the browser does not care.
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let next = try await signIn(base, boss).cookie
            #expect(try await ask("\(base)/access", "-b", next).code == 200)
        }
    }

    @Test(.timeLimit(.minutes(1))) func nobodyChoosesTheIdOfASession() async throws {
        var house = try House("console")
        let (viewer, boss) = try house.addTokens()
        house.settings.allowsAnonymousViewers = false
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let (mine, _) = try await signIn(base, viewer)
            // The victim's browser comes with an id that somebody else knows.
            let (theirs, _) = try await signIn(base, boss, mine)
            #expect(theirs != mine)
            #expect(try await ask("\(base)/access", "-b", mine).code == 303)
            let name = mine.split(separator: "=")[0]
            let made = "\(name)=\(String(repeating: "A", count: 43))"
            let (fresh, _) = try await signIn(base, boss, made)
            #expect(fresh != made)
            #expect(try await ask("\(base)/access", "-b", made).code == 303)
            // A form of one session proves nothing in another one of the same person.
            let page = try await ask("\(base)/", "-b", theirs).body
            let parts = page.components(separatedBy: "name=\"form\" value=\"")
            let form = String(try #require(parts.dropFirst().first).prefix { $0 != "\"" })
            #expect(!page.contains(boss))
            #expect(try await ask("\(base)/act", "-b", fresh, body: "form=\(form)&do=pause").code == 403)
            #expect(try await ask("\(base)/act", "-b", theirs, body: "form=\(form)&do=pause").code == 303)
        }
    }

    @Test func cookiesOfOlderVersionsAreTakenAway() {
        let cookie = SessionCookie(instance: "a", isSecure: true)
        #expect(cookie.name.hasPrefix("__Host-curfew-") && cookie.header("x").hasSuffix("; Secure"))
        #expect(cookie.name == SessionCookie(instance: "a", isSecure: true).name)
        #expect(cookie.name != SessionCookie(instance: "b", isSecure: true).name)
        var fields = HTTPFields()
        fields[.cookie] = "__Host-curfew=cft_secret; other=1"
        let head = HTTPRequest(method: .get, scheme: "https", authority: "x", path: "/", headerFields: fields)
        let request = Request(head: head, body: .init(buffer: .init()))
        #expect(cookie.id(in: request) == nil)
        #expect(
            cookie.clearingOutdated(in: request) == ["__Host-curfew=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"])
    }
}
