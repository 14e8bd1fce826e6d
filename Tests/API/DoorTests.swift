import CurfewSystem
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewAPI

/// Who may ask what, and how requests that are not meant well end.
@Suite struct DoorTests {
    @Test(.timeLimit(.minutes(1))) func tokensAndRoles() async throws {
        var house = try House()
        house.settings.allowsAnonymousViewers = false
        let tokens = try house.addTokens()
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            func bearer(_ token: String) -> String { "Authorization: Bearer \(token)" }
            let none = try await ask("\(base)/api/v1/status")
            #expect(none.code == 401 && none.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
            #expect(try await ask("\(base)/metrics").code == 401)
            #expect(try await ask("\(base)/healthz").code == 200)
            #expect(try await ask("\(base)/api/v1/status", "-H", bearer(tokens.viewer)).code == 200)
            #expect(try await ask("\(base)/api/v1/status", "-H", bearer(tokens.operator)).code == 200)
            for wrong in [
                "", "x", tokens.viewer + "x", String(tokens.viewer.dropLast()), String(repeating: "a", count: 10_000),
            ] {
                #expect(try await ask("\(base)/api/v1/status", "-H", bearer(wrong)).code == 401)
            }
            #expect(try await ask("\(base)/api/v1/status", "-H", "Authorization: Basic YTpi").code == 401)
            let twice = try await ask("\(base)/api/v1/status", "-H", bearer(tokens.viewer), "-H", bearer("x"))
            #expect(twice.code == 401)
            let viewer = try await ask("\(base)/api/v1/pause", "-X", "POST", "-H", bearer(tokens.viewer))
            #expect(viewer.code == 403 && viewer.detail.contains("operators"))
            #expect(house.host.wishes.isEmpty)
            for wish in ["pause", "resume", "sync", "retry"] {
                #expect(try await ask("\(base)/api/v1/\(wish)", "-X", "POST", "-H", bearer(tokens.operator)).code == 200)
            }
            #expect(
                house.host.wishes == [
                    "operator.pause: pause over the API by token boss", "pause by token boss, over the API",
                    "operator.resume: resume over the API by token boss", "resume by token boss, over the API", "sync", "retry",
                ])
            // The file is read again: a line that is gone ends its token at once, and nobody else may write the file.
            let path = try #require(house.settings.tokens)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let kept = text.split(separator: "\n").filter { !$0.contains("grafana") }.joined(separator: "\n")
            try Data(kept.utf8).write(to: URL(filePath: path), options: .atomic)
            chmod(path, 0o600)
            #expect(try await ask("\(base)/api/v1/status", "-H", bearer(tokens.viewer)).code == 401)
            #expect(try await ask("\(base)/api/v1/status", "-H", bearer(tokens.operator)).code == 200)
            chmod(path, 0o666)
            #expect(try await ask("\(base)/api/v1/status", "-H", bearer(tokens.operator)).code == 401)
            chmod(path, 0o600)
            try Data("boss operator sha256:zz\n".utf8).write(to: URL(filePath: path), options: .atomic)
            #expect(try await ask("\(base)/api/v1/status", "-H", bearer(tokens.operator)).code == 401)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aUnixSocketKnowsItsPeer() async throws {
        var house = try House()
        house.settings.address = .unix(house.socket)
        house.settings.allowsAnonymousViewers = false
        // What a dead service left behind is in nobody's way.
        close(try UnixSocket.listen(house.socket, mode: 0o600))
        try await house.run { _ in
            var info = stat()
            #expect(stat(house.socket, &info) == 0 && info.st_mode & 0o777 == 0o600)
            let unix = ["--unix-socket", house.socket]
            #expect(try await ask("http://curfew/api/v1/status", unix[0], unix[1]).code == 200)
            let bare = try await ask("http://curfew/api/v1/pause", unix[0], unix[1], "-X", "POST")
            #expect(bare.code == 403 && bare.detail.contains("X-Curfew-Request"))
            let meant = try await ask(
                "http://curfew/api/v1/pause", unix[0], unix[1], "-X", "POST", "-H", "X-Curfew-Request: 1")
            #expect(meant.code == 200)
            #expect(house.host.wishes.last == "pause by uid \(getuid()), over the API")
        }
    }

    @Test(.timeLimit(.minutes(1))) func noOtherFileIsRemovedForTheSocket() async throws {
        let house = try House()
        let path = try house.scratch.write("api.sock", "precious")
        var other = house
        other.settings.address = .unix(path)
        try await other.run(listens: false) { _ in try await Task.sleep(for: .milliseconds(50)) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test(.timeLimit(.minutes(1))) func pagesOfOthersAreRefused() async throws {
        var house = try House()
        let tokens = try house.addTokens()
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            // DNS rebinding: the name is the attacker's.
            for host in ["evil.example", "evil.example:\(port)", "127.0.0.1.evil.example", "localhost.evil", "[::2]", "a:b:c"] {
                let answer = try await ask("\(base)/api/v1/status", "-H", "Host: \(host)")
                #expect(answer.code == 421, "\(host): \(answer)")
            }
            for host in ["localhost", "LOCALHOST:\(port)", "127.0.0.1", "[::1]:80"] {
                #expect(try await ask("\(base)/api/v1/status", "-H", "Host: \(host)").code == 200, "\(host)")
            }
            let cross = try await ask(
                "\(base)/api/v1/pause", "-X", "POST", "-H", "Authorization: Bearer \(tokens.operator)", "-H",
                "Sec-Fetch-Site: cross-site")
            #expect(cross.code == 403)
            let preflight = try await ask("\(base)/api/v1/pause", "-X", "OPTIONS", "-H", "Origin: https://evil.example")
            #expect(preflight.code == 405 && preflight.headers["access-control-allow-origin"] == nil)
            #expect(house.host.wishes.isEmpty)
            let status = try await ask("\(base)/api/v1/status")
            #expect(!status.body.contains("<") && !status.body.contains("&") && status.body.contains("\\u003cscript"))
            #expect(status.json["paused"] as? String == "<script>alert(1)</script> & co")
            #expect(status.headers["x-content-type-options"] == "nosniff" && status.headers["x-frame-options"] == "DENY")
            #expect(status.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(status.headers["cache-control"] == "no-store")
        }
    }

    @Test(.timeLimit(.minutes(1))) func methodsPathsAndIds() async throws {
        let house = try House()
        try await house.run { port in
            let base = "http://127.0.0.1:\(port)"
            let head = try await ask("\(base)/api/v1/status", "-I")
            let get = try await ask("\(base)/api/v1/status")
            #expect(head.code == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == get.headers["content-length"])
            #expect(try await ask("\(base)/api/v1/events/stream", "-I").headers["content-type"] == "text/event-stream")
            for (method, path, allow) in [
                ("POST", "/api/v1/status", "GET, HEAD"), ("GET", "/api/v1/pause", "POST"), ("HEAD", "/api/v1/pause", "POST"),
                ("DELETE", "/api/v1/workloads/web", "GET, HEAD"), ("TRACE", "/metrics", "GET, HEAD"),
                ("PUT", "/api/v1/events/stream", "GET, HEAD"),
            ] {
                let words = method == "HEAD" ? ["-I", "-s"] : ["-X", method]
                let answer = try await ask(base + path, words[0], words[1])
                #expect(answer.code == 405 && answer.headers["allow"] == allow, "\(method) \(path): \(answer)")
            }
            #expect(try await ask("\(base)/api/v1/status", "-X", "FROBNICATE").code == 400)
            #expect(try await ask("\(base)/api/v1/status", "-X", "PROPFIND").code == 501)
            for path in [
                "/api", "/api/v1", "/api/v1/nope", "/api/v1/workloads/../../../etc/passwd", "/..", "/%2e%2e/etc/passwd",
                "/api/v1/workloads/%2e%2e%2fetc", "/api/v1/workloads/web%00", "/api/v1/workloads/WEB", "/etc/passwd",
                "/api/v1/workloads/\(String(repeating: "a", count: 5000))", "/hooks/github",
                "/api/v1/workloads/web/instances/x",
                "/api/v1/workloads/<script>",
            ] {
                let answer = try await ask(base + path)
                #expect(
                    answer.code == 404 && answer.headers["content-type"] == "application/problem+json", "\(path): \(answer)")
                #expect(!answer.body.contains("<script"))
            }
            #expect(try await ask("\(base)/healthz", "-H", "X-Request-Id: abc-1.2_3").headers["x-request-id"] == "abc-1.2_3")
            for bad in ["a b", "<x>", String(repeating: "a", count: 65), "ä"] {
                let answer = try await ask("\(base)/healthz", "-H", "X-Request-Id: \(bad)")
                let id = try #require(answer.headers["x-request-id"])
                #expect(id != bad && id.utf8.count >= 8)
            }
            #expect(try await ask("\(base)/api/v1/status", "-X", "GET", body: "{}").code == 413)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aSlowAnswerIsGivenUp() async throws {
        var house = try House(delay: .seconds(20))
        house.settings.deadline = .milliseconds(200)
        try await house.run { port in
            let answer = try await ask("http://127.0.0.1:\(port)/api/v1/status")
            #expect(answer.code == 503 && answer.headers["retry-after"] != nil)
            #expect(try await ask("http://127.0.0.1:\(port)/healthz").code == 200)
        }
    }
}
