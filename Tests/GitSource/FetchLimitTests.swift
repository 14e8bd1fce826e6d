import CurfewModel
import CurfewTestSupport
import Foundation
import Synchronization
import Testing

@testable import CurfewGitSource

/// What a remote, or whoever may push tags to it, can make a fetch take: never more than its bounds, and never the branch.
@Suite(.timeLimit(.minutes(2))) struct FetchLimitTests {
    private func size(_ folder: String) -> Int {
        let manager = FileManager.default
        return ((try? manager.subpathsOfDirectory(atPath: folder)) ?? []).reduce(0) { sum, name in
            sum + (((try? manager.attributesOfItem(atPath: "\(folder)/\(name)"))?[.size] as? Int) ?? 0)
        }
    }

    private func mirror(_ fixture: Fixture, _ url: String, most: ByteCount, name: String = "mirror.git") async throws -> Mirror
    {
        let location = RepositoryLocation(url: url, timeout: .seconds(20), longestFetch: most)
        let mirror = Mirror(
            path: fixture.scratch.file(name), location: location, worker: [try curfewExecutable(), "git-worker"])
        try await mirror.open()
        return mirror
    }

    @Test(arguments: [false, true]) func heavyTagsDoNotTouchTheBranch(_ overNetwork: Bool) async throws {
        let fixture = try await Fixture("heavy")
        let keys = try await SigningKeys(fixture.scratch, "bob")
        let (server, url) = try await GitServers(fixture.scratch).daemon()
        defer { withExtendedLifetime(server) {} }
        let mirror = try await fixture.mirror(overNetwork ? "\(url)/remote.git" : nil)
        _ = try await mirror.refresh()
        try fixture.scratch.write("big", noise(12 << 20))
        let blob = try await git("hash-object", "-w", fixture.scratch.file("big"), in: fixture.work)
        // As it is, behind a tag, and a good one beside it.
        try await git("tag", "approvals/a/light", blob, in: fixture.work)
        try await git("tag", "-a", "-m", "x", "approvals/a/heavy", blob, in: fixture.work)
        try await keys.git(
            as: "bob", "tag", "--sign", "-m", "Approve\n\nCurfew-Approve: 1", "approvals/a/bob", in: fixture.work)
        try await git("push", "-q", "origin", "--tags", in: fixture.work)
        let next = try await fixture.commit("Next", ["a.txt": "two\n"])
        #expect(try await mirror.refresh(waitingForApprovals: .seconds(30)).tip == next)
        let found = try await mirror.approvals()
        #expect(found.first { $0.reference == "approvals/a/bob" }?.signature == .good(try keys.key("bob")))
        #expect(!found.contains { $0.reference == "approvals/a/light" })
        #expect(size(fixture.scratch.file("mirror.git")) < 2 << 20)
        // And not at each question again.
        let again = try await mirror.refresh(waitingForApprovals: .zero)
        #expect(again.tip == next)
        #expect(try await !mirror.refresh().awaitsApprovals)
    }

    @Test func aFetchThatIsTooLargeLeavesNothing() async throws {
        let fixture = try await Fixture("large")
        let (server, url) = try await GitServers(fixture.scratch).daemon()
        defer { withExtendedLifetime(server) {} }
        for (index, address) in ["\(url)/remote.git", "file://\(fixture.remote)"].enumerated() {
            let mirror = try await mirror(fixture, address, most: ByteCount(1 << 20), name: "m\(index).git")
            let first = try await mirror.refresh().tip
            try await fixture.commit("Large \(index)", ["big": noise(5 << 20)])
            let refused = await gitError { _ = try await mirror.refresh() }
            #expect(
                refused?.code == .tooLarge && refused?.message.contains("maxFetch") == true, "\(String(describing: refused))")
            #expect(try await mirror.tip() == first)
            #expect(size(fixture.scratch.file("m\(index).git")) < 1 << 20)
            try await git("reset", "-q", "--hard", "HEAD~1", in: fixture.work)
            let next = try await fixture.commit("Small", ["a.txt": "\(index) three\n"])
            #expect(try await mirror.refresh().tip == next)
        }
    }

    /// A server of its own: what it is asked, and who gets the token.
    private func server(_ asked: Asked, _ answer: @escaping @Sendable (TinyServer.Connection) -> Void) throws -> TinyServer {
        try TinyServer { connection in
            while let request = connection.request() {
                asked.add(request.head, request.headers["authorization"])
                answer(connection)
            }
        }
    }

    private final class Asked: Sendable {
        private let list = Mutex<[(head: String, login: String?)]>([])
        func add(_ head: String, _ login: String?) { list.withLock { $0.append((head, login)) } }
        var all: [(head: String, login: String?)] { list.withLock { $0 } }
    }

    @Test func noRedirectIsFollowed() async throws {
        let fixture = try await Fixture("redirect")
        let (other, first) = (Asked(), Asked())
        let thief = try server(other) {
            $0.send("HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
        }
        let token = try fixture.scratch.write("token", "s3cret\n")
        let place = Mutex("")
        let host = try server(first) { connection in
            connection.send(
                "HTTP/1.1 302 Found\r\nLocation: \(place.withLock { $0 })/info/refs?service=git-upload-pack\r\nContent-Length: 0\r\n\r\n"
            )
        }
        for target in [
            "http://127.0.0.1:\(thief.port)/x", "http://localhost:\(thief.port)/x", "http://127.0.0.1:\(host.port)/other",
            "/other", "https://x.invalid/y",
        ] {
            place.withLock { $0 = target }
            let mirror = try await fixture.mirror(
                "http://127.0.0.1:\(host.port)/repo", credentials: GitCredentials(tokenFile: token), name: "r.git")
            let error = await gitError { _ = try await mirror.refresh() }
            #expect(error?.code == .redirected, "\(String(describing: error))")
            #expect(error?.message.contains("another address") == true && error?.message.contains(target) == true)
        }
        #expect(other.all.isEmpty)
        #expect(first.all.allSatisfy { $0.head.contains("/repo/") && $0.login == nil })
        thief.close()
        host.close()
    }

    @Test func theTokenNeedsAProtectedWay() {
        for url in ["http://git.example.org/x", "http://127.0.0.1.example.org/x", "http://10.0.0.1/x", "http://[fe80::1]/x"] {
            #expect(RepositoryLocation.sendsInTheClear(url), "\(url)")
        }
        for url in [
            "http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:80/x", "https://git.example.org/x", "git@host:x",
        ] {
            #expect(!RepositoryLocation.sendsInTheClear(url), "\(url)")
        }
    }

    @Test func endlessReferencesEnd() async throws {
        let fixture = try await Fixture("endless")
        let id = String(repeating: "1", count: 40)
        @Sendable func packet(_ text: String) -> String {
            let digits = String(text.utf8.count + 4, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits + text
        }
        let line = packet("\(id) refs/heads/\(String(repeating: "q", count: 900))\n")
        let server = try server(Asked()) { connection in
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nConnection: close\r\n\r\n"
                    + packet("# service=git-upload-pack\n") + "0000" + packet("\(id) HEAD\0side-band-64k\n"))
            let part = String(repeating: line, count: 2000)
            for _ in 0..<400 { connection.send(part) }
        }
        let mirror = try await fixture.mirror("http://127.0.0.1:\(server.port)/repo", timeout: .seconds(60))
        let error = await gitError { _ = try await mirror.refresh() }
        #expect([.tooLarge, .timedOut].contains(error?.code), "\(String(describing: error))")
        server.close()
    }
}
