import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Foundation
import Synchronization
import Testing

@testable import CurfewAPI

/// Following events.
@Suite struct StreamTests {
    /// Opens a stream; the headers are left on it.
    private func follow(_ port: Int, _ query: String = "", headers: String = "") throws -> RawSocket {
        let socket = try RawSocket(port: port)
        socket.send("GET /api/v1/events/stream\(query) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
        return socket
    }

    private func ids(_ text: String) -> [Int] {
        text.replacing("\r\n", with: "\n").components(separatedBy: "\n").filter { $0.hasPrefix("id: ") }.compactMap {
            Int($0.dropFirst(4))
        }
    }

    @Test(.timeLimit(.minutes(1))) func eventsComeAsTheyHappenAndAfterAReturn() async throws {
        let house = try House("stream")
        try await house.append("a.old", "before")
        try await house.run { port in
            let socket = try follow(port)
            var text = ""
            #expect(
                await eventually {
                    text += socket.read().text; return text.contains(": curfew")
                })
            #expect(text.contains("Content-Type: text/event-stream"))
            try await house.append("a.new", "line\nbreak <script>\u{2028}id: 99\n\nevent: fake")
            #expect(
                await eventually {
                    text += socket.read().text; return text.contains("id: 2\n")
                })
            #expect(ids(text) == [2])
            #expect(text.contains("event: a.new\n") && !text.contains("<script>"))
            #expect(!text.contains("\nevent: fake") && text.contains("\ndata: {"))
            // Somebody who comes back gets what was missed, each once, and the header goes before the query.
            for number in 3...400 { try await house.append("a.more", "\(number)") }
            let back = try follow(port, "?after=1", headers: "Last-Event-ID: 2\r\n")
            var missed = ""
            #expect(
                await eventually {
                    missed += back.read().text; return missed.contains("id: 400\n")
                })
            #expect(ids(missed) == Array(3...400))
            let filtered = try follow(port, "?after=0&kind=a.o")
            var few = ""
            #expect(
                await eventually {
                    few += filtered.read().text; return few.contains("id: 1\n")
                })
            #expect(ids(few) == [1])
            for bad in ["x", "-1", "99999999999999999999999"] {
                #expect(
                    try await ask("http://127.0.0.1:\(port)/api/v1/events/stream", "-H", "Last-Event-ID: \(bad)").code == 400)
            }
            #expect(try await ask("http://127.0.0.1:\(port)/api/v1/events/stream?after=x").code == 400)
        }
    }

    @Test(.timeLimit(.minutes(1))) func heartbeatsComeAndSeatsAreBoundedAndFreed() async throws {
        var house = try House("seats")
        house.settings.streams = 3
        try await house.run { port in
            var sockets = try (0..<3).map { _ in try follow(port) }
            for socket in sockets {
                var text = ""
                #expect(
                    await eventually {
                        text += socket.read().text; return text.contains(": 0\n\n")
                    })
            }
            let full = try await ask("http://127.0.0.1:\(port)/api/v1/events/stream")
            #expect(full.code == 503 && full.headers["retry-after"] != nil)
            sockets.removeLast()
            #expect(
                await eventually {
                    guard let socket = try? follow(port) else { return false }
                    var text = ""
                    return await eventually(within: .seconds(1)) {
                        text += socket.read().text; return text.contains(": curfew")
                    }
                })
        }
    }

    @Test(.timeLimit(.minutes(1))) func aClientThatDoesNotReadHoldsUpNobody() async throws {
        let house = try House("slow")
        try await house.run { port in
            let slow = try follow(port, "?after=0")
            let events = (0..<2000).map { _ in
                JournalEvent(
                    at: Instant(milliseconds: 0), kind: "a.b", message: "m",
                    details: ["x": String(repeating: "y", count: 20_000)])
            }
            for start in stride(from: 0, to: 2000, by: 200) {
                try await house.journal.append(Array(events[start..<start + 200]))
            }
            let quick = try follow(port, "?after=1999")
            var text = ""
            #expect(
                await eventually {
                    text += quick.read().text; return text.contains("id: 2000\n")
                })
            #expect(try await ask("http://127.0.0.1:\(port)/healthz").code == 200)
            _ = slow
        }
    }

    @Test func whoWritesForTooLongLosesTheSeat() async throws {
        let feed = EventFeed(limit: 2)
        let isCut = Flag()
        let seat = try #require(feed.take { isCut.set() })
        feed.writing(seat.id, since: .now - .seconds(31))
        feed.beat(longestWrite: .seconds(30))
        #expect(isCut.isSet)
        feed.leave(seat.id)
        #expect(feed.count == 0)
    }
}

final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}
