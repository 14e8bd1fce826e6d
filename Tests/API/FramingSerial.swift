import CurfewTestSupport
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import CurfewAPI

/// Bytes that are no HTTP, or HTTP that can be read in two ways: answered with 400 once, and neither logged one by one nor
/// ever taken for a failure of the service.
@Suite struct FramingSerial {
    /// Counts lines.
    private struct Lines: LogHandler {
        let count: Mutexed
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.debug
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        init(_ count: Mutexed) { self.count = count }
        func log(event: LogEvent) { count.lines.withLock { $0.append("\(event.message)") } }
    }
    private final class Mutexed: Sendable { let lines = Mutex<[String]>([]) }

    private static let host = "Host: localhost\r\n"

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("POST /sign-in HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n3\r\nabcXY", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Content-Length: 5, 5\r\n\r\nabcde", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Content-Length: +5\r\n\r\nabcde", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999\r\n\r\na", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
            ("POST /sign-in HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"),
            (
                "POST /sign-in HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "400"
            ),
            ("POST /sign-in HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
            ("GET http://localhost/healthz HTTP/1.1\r\n\(host)\r\n", "400"),
            ("GET healthz HTTP/1.1\r\n\(host)\r\n", "400"), ("GET * HTTP/1.1\r\n\(host)\r\n", "400"),
            ("GET /healthz#x HTTP/1.1\r\n\(host)\r\n", "400"), ("GET /\u{301}healthz HTTP/1.1\r\n\(host)\r\n", "400"),
            ("GET /healthz HTTP/1.1\r\n\(host)X: a\u{1}b\r\n\r\n", "400"),
            ("GET /healthz HTTP/1.1\r\n\(host)X y: a\r\n\r\n", "400"),
            ("GET /healthz HTTP/1.1\r\n\(host) folded\r\n\r\n", "400"),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
            ("GET /healthz\r\n\r\n", "400"), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
            ("GET /healthz HTTP/3.1\r\n\(host)\r\n", "400"),
            ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n\(host)\r\n", "414"),
            ("GET /healthz HTTP/1.1\r\n\(host)X: \(String(repeating: "a", count: 40_000))\r\n\r\n", "431"),
            ("\u{16}\u{3}\u{1}\u{2}", "400"),
        ])
    func whatCanBeReadInTwoWaysIsRefused(_ request: String, _ code: String) async throws {
        let house = try House("framing")
        let log = Mutexed()
        try await house.run(log: Logger(label: "test") { _ in Lines(log) }) { service, port in
            let socket = try RawSocket(port: port)
            socket.send(request)
            let (answer, isClosed) = await socket.readToEnd(within: .seconds(5))
            #expect(isClosed && answer.hasPrefix("HTTP/1.1 \(code)"), "\(request.prefix(120)): \(answer.prefix(200))")
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(answer)")
            #expect(await eventually { service.openConnections == 0 })
            #expect(log.lines.withLock { $0 }.allSatisfy { $0.contains("listens on") || $0.contains("malformed requests") })
        }
        #expect(house.host.wishes.isEmpty)
    }

    /// The generator of one seed: the same requests in every run.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static func request(_ dice: inout Dice, token: String) -> [UInt8] {
        func any(_ list: [String]) -> String { list.randomElement(using: &dice) ?? "" }
        let path = any([
            "/api/v1/status", "/api/v1/events?limit=", "/api/v1/workloads/web/logs?lines=", "/api/v1/pause", "/api/v1/sync",
            "/hooks/generic", "/", "/timeline", "/access?at=", "/sign-in", "/act", "/sessions/r-1/cast", "/metrics", "/nope",
        ])
        let number = any(["0", "-1", "9223372036854775808", "1e9", "%00", "%ff", "\u{663}", ""])
        var text =
            "\(any(["GET", "POST", "HEAD", "FOO", "get", "PRI"])) \(path.hasSuffix("=") ? path + number : path) HTTP/1.1\r\n"
        text += "Host: localhost\r\n"
        for header in [
            "Authorization: Bearer \(token)", "X-Curfew-Request: 1", "Cookie: curfew=a;b", "Expect: 100-continue",
            "Upgrade: h2c", "Last-Event-ID: \(number)", "Accept-Encoding: gzip;q=NaN", "Origin: null", "Accept: text/html",
        ] where Bool.random(using: &dice) { text += header + "\r\n" }
        let body = any([
            "", "{}", "{\"reason\":1e400}", String(repeating: "[", count: 3000), "token=a&next=//x", "do=pause&form=00",
        ])
        switch UInt8.random(in: 0..<5, using: &dice) {
        case 0: text += "Content-Length: \(number)\r\n\r\n\(body)"
        case 1: text += "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        default: text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 0...4, using: &dice) {
            let place = Int.random(in: 0..<bytes.count, using: &dice)
            switch UInt8.random(in: 0..<5, using: &dice) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &dice)
            case 1: bytes.insert(contentsOf: Array("\r\n".utf8), at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 9))
            case 3: bytes.insert(contentsOf: [0xFF, 0xFE, 0], at: place)
            default: bytes.insert(contentsOf: bytes[max(0, place - 30)..<place], at: place)
            }
            if bytes.isEmpty { return [0] }
        }
        return bytes
    }

    @Test(.timeLimit(.minutes(3))) func mutatedRequestsFindNoFailureAndLeaveNothing() async throws {
        var house = try House("fuzz")
        house.settings.webhooks = ["generic": try house.scratch.write("hook", "0123456789abcdef0123456789")]
        let (_, boss) = try house.addTokens()
        (house.settings.limits.head, house.settings.limits.body) = (.milliseconds(300), .milliseconds(300))
        (house.settings.limits.idle, house.settings.limits.linger) = (.milliseconds(100), .milliseconds(20))
        let log = Mutexed()
        try await house.run(log: Logger(label: "test") { _ in Lines(log) }) { service, port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<24 {
                    group.addTask {
                        var dice = Dice(state: UInt64(worker) &* 7919 &+ 11)
                        for _ in 0..<100 {
                            let bytes = Self.request(&dice, token: boss)
                            let socket = try RawSocket(port: port)
                            socket.send(bytes: bytes)
                            let (answer, _) = await socket.readToEnd(within: .seconds(4))
                            let isFailure = answer.hasPrefix("HTTP/1.1 5") && !answer.hasPrefix("HTTP/1.1 501")
                            let text = String(decoding: bytes, as: UTF8.self)
                            #expect(!isFailure, "\(text.debugDescription): \(answer.prefix(300))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(await eventually(within: .seconds(10)) { service.openConnections == 0 }, "\(service.openConnections)")
            #expect(try await ask("http://127.0.0.1:\(port)/healthz").code == 200)
        }
        #expect(log.lines.withLock { $0.count } < 300)
    }
}
