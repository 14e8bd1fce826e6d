import CurfewAPI
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// Connections that do not mean well, over real sockets.
@Suite struct HostileSerial {
    private func house() throws -> House {
        var house = try House("hostile")
        house.settings.limits.head = .milliseconds(600)
        house.settings.limits.body = .milliseconds(600)
        house.settings.limits.idle = .milliseconds(600)
        house.settings.limits.linger = .milliseconds(200)
        return house
    }

    /// Whether the server hangs up although something is sent every 50 ms.
    private func isCut(_ socket: RawSocket, feeding piece: String) async -> Bool {
        await eventually(within: .seconds(5)) {
            socket.send(piece)
            try? await Task.sleep(for: .milliseconds(50))
            return socket.read().isClosed
        }
    }

    @Test(.timeLimit(.minutes(1))) func trickledHeadersAndBodiesAreCut() async throws {
        let house = try house()
        try await house.run { port in
            let silent = try RawSocket(port: port)
            let headers = try RawSocket(port: port)
            headers.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            #expect(await isCut(headers, feeding: "X-A: b\r\n"))
            let body = try RawSocket(port: port)
            body.send("POST /api/v1/pause HTTP/1.1\r\nHost: localhost\r\nX-Curfew-Request: 1\r\nContent-Length: 4000\r\n\r\n")
            #expect(await isCut(body, feeding: "x"))
            let chunks = try RawSocket(port: port)
            chunks.send("POST /api/v1/pause HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(await isCut(chunks, feeding: "1\r\nx\r\n"))
            #expect(await silent.readToEnd(within: .seconds(5)).isClosed)
            // One that has been answered and asks nothing more.
            let idle = try RawSocket(port: port)
            idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let (text, isClosed) = await idle.readToEnd(within: .seconds(5))
            #expect(text.hasPrefix("HTTP/1.1 200") && isClosed)
            #expect(house.host.wishes.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(2))) func twoThousandIdleConnectionsDoNotHurt() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 8192)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var house = try house()
        house.settings.limits.head = .seconds(60)
        try await house.run { port in
            var sockets: [RawSocket] = []
            for _ in 0..<2000 { sockets.append(try RawSocket(port: port)) }
            let start = ContinuousClock.now
            #expect(try await ask("http://127.0.0.1:\(port)/api/v1/status").code == 200)
            #expect(ContinuousClock.now - start < .seconds(5))
            // The oldest made room; the newest are still there.
            #expect(await eventually { sockets.count(where: { !$0.read().isClosed }) <= 256 })
            let last = try #require(sockets.last)
            last.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await eventually { last.read().text.hasPrefix("HTTP/1.1 200") })
        }
    }

    @Test(.timeLimit(.minutes(1))) func malformedRequestsGetAnAnswerOrNone() async throws {
        let house = try house()
        try await house.run { port in
            for (text, code) in [
                ("GET /healthz HTTP/1.1\r\n\r\n", "400"),
                ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", "400"),
                ("GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
                ("GET //evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
                (
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "400"
                ),
                ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", "400"),
                ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n X: folded\r\n\r\n", "400"),
                ("NONSENSE\r\n\r\n", "400"), ("\u{0}\u{1}\u{2}\u{3}", "400"),
                ("GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n", "4"),
                ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n", "4"),
                (
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: y\r\n", count: 500))\r\n", "4"
                ), ("CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", "4"),
            ] {
                let socket = try RawSocket(port: port)
                socket.send(text)
                let (answer, isClosed) = await socket.readToEnd(within: .seconds(5))
                #expect(isClosed, "\(text.prefix(80))")
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 \(code)"), "\(text.prefix(80)): \(answer.prefix(200))")
            }
            #expect(try await ask("http://127.0.0.1:\(port)/healthz").code == 200)
        }
    }

    @Test(.timeLimit(.minutes(1))) func pipelinedRequestsAreAnsweredInOrder() async throws {
        let house = try house()
        try await house.run { port in
            let socket = try RawSocket(port: port)
            socket.send(
                (1...20).map { "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r\($0)\r\n\r\n" }.joined())
            let answer = await socket.readToEnd(within: .seconds(5)).text
            let ids = answer.components(separatedBy: "\r\n").filter { $0.hasPrefix("X-Request-Id: ") }
            #expect(ids == (1...20).map { "X-Request-Id: r\($0)" })
        }
    }
}
