import CurfewTestSupport
import Foundation
import Glibc
import HTTPTypes
import NIOEmbedded
import Synchronization
import Testing

@testable import CurfewAPI

/// Strangers who hold as many connections as there may be: whoever has something to ask is served all the same.
@Suite struct SlowSerial {
    private static let slowBody =
        "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + "Content-Length: 16000\r\n\r\ntoken=a"

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            slowBody, "GET / HT",
            "POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
        ])
    func tricklingStrangersStarveNobody(_ beginning: String) async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 8192)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var house = try House("slow")
        let (viewer, _) = try house.addTokens()
        house.settings.allowsAnonymousViewers = false
        house.settings.limits.connections = 64
        house.settings.limits.strangersOfOnePeer = 48
        try await house.run { port in
            var sockets: [RawSocket] = []
            // Somebody known, on a connection that stays open.
            let known = try RawSocket(port: port)
            let asks = "GET /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(viewer)\r\n\r\n"
            known.send(asks)
            #expect(await eventually { known.read().text.hasPrefix("HTTP/1.1 200") })
            for _ in 0..<3 {
                for _ in 0..<80 {
                    let socket = try RawSocket(port: port)
                    socket.send(beginning)
                    sockets.append(socket)
                }
                for socket in sockets { socket.send("b") }
                let start = ContinuousClock.now
                #expect(try await ask("http://127.0.0.1:\(port)/healthz").code == 200)
                #expect(try await ask("http://127.0.0.1:\(port)/readyz").code == 200)
                let status = try await ask("http://127.0.0.1:\(port)/api/v1/status", "-H", "Authorization: Bearer \(viewer)")
                #expect(status.code == 200)
                #expect(ContinuousClock.now - start < .seconds(5))
            }
            #expect(await eventually { sockets.count(where: { !$0.read().isClosed }) <= 48 })
            known.send(asks)
            #expect(await eventually { known.read().text.hasPrefix("HTTP/1.1 200") })
        }
    }

    /// Who has to go first, whatever the order in which they came.
    @Test func strangersGoFirstAndTheBusiestAddressBeforeAll() {
        var limits = ConnectionLimits()
        (limits.connections, limits.strangersOfOnePeer) = (6, 4)
        let table = ConnectionTable(limits)
        let closed = Mutex<[String]>([])
        var channels: [String: EmbeddedChannel] = [:]
        func enter(_ name: String, from peer: String) {
            let channel = EmbeddedChannel()
            channels[name] = channel
            table.enter(channel, peer: peer) { closed.withLock { $0.append(name) } }
        }
        func known(_ name: String) {
            guard let channel = channels[name] else { return }
            table.begin(channel)
            table.recognize(channel)
        }
        for name in ["a", "b"] {
            enter(name, from: "1")
            known(name)
        }
        table.finish(channels["a"] ?? EmbeddedChannel())
        for name in ["c", "d"] { enter(name, from: "2") }
        for name in ["e", "f", "g", "h"] { enter(name, from: "3") }
        // Full with f: the address with the most loses its oldest.
        #expect(closed.withLock { $0 } == ["c", "e"] || closed.withLock { $0 } == ["e", "f"], "\(closed.withLock { $0 })")
        #expect(table.count == 6)
        for name in ["c", "d", "e", "f", "g", "h"] where !closed.withLock({ $0.contains(name) }) { known(name) }
        // Nobody is a stranger: who is idle goes, and after that the newcomer.
        enter("i", from: "4")
        #expect(closed.withLock { $0.last } == "a")
        known("i")
        enter("j", from: "4")
        #expect(closed.withLock { $0.last } == "j" && table.count == 6)
    }

    @Test func bodiesHaveToComeWithSomeSpeed() {
        var limits = ConnectionLimits()
        func head(_ size: String?) -> HTTPRequest {
            var fields = HTTPFields()
            if let size { fields[.contentLength] = size }
            return HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/", headerFields: fields)
        }
        #expect(limits.body(of: head("0")) == .seconds(5) && limits.body(of: head("16000")) == .seconds(5))
        #expect(limits.body(of: head("1048576")) == .seconds(30) && limits.body(of: head(nil)) == .seconds(13))
        limits.body = .seconds(600)
        #expect(limits.body(of: head("1048576")) == .seconds(37))
        #expect(limits.body(of: head("99999999999999999999999")) == .seconds(13))
    }
}
