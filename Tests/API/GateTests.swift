import CurfewTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@testable import CurfewAPI

/// The gate without a socket, by Hummingbird's own test client.
@Suite struct GateTests {
    private func gate(_ house: House) -> Gate {
        var settings = house.settings
        settings.hosts = ["localhost"]
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return APIService.gate(settings, host: house.host, feed: EventFeed(), log: log)
    }

    @Test(.timeLimit(.minutes(1))) func everyAnswerPassesTheGate() async throws {
        let house = try House("gate")
        let app = Application(responder: gate(house))
        try await app.test(.router) { client in
            let host = HTTPFields([HTTPField(name: .requestID, value: "id-1")])
            for (method, path, status) in [
                (HTTPRequest.Method.get, "/healthz", HTTPResponse.Status.ok), (.head, "/api/v1/status", .ok),
                (.get, "/api/v1/status", .ok), (.get, "/nope", .notFound), (.delete, "/api/v1/status", .methodNotAllowed),
                (.post, "/api/v1/pause", .unauthorized), (.get, "/api/v1/workloads/none", .notFound),
                (.get, "/api/v1/events?x=1", .badRequest),
            ] {
                try await client.execute(uri: path, method: method, headers: host) { response in
                    #expect(response.status == status, "\(method) \(path)")
                    #expect(response.headers[.requestID] == "id-1")
                    #expect(response.headers[.xContentTypeOptions] == "nosniff")
                    let type = response.headers[.contentType]
                    #expect((status.code >= 400) == (type == "application/problem+json"), "\(path)")
                }
            }
        }
        #expect(house.host.wishes.isEmpty)
    }

    @Test func roomForBodiesIsBounded() {
        let room = BodyRoom()
        #expect((0..<20).count(where: { _ in room.enter() }) == 16)
        room.leave()
        #expect(room.enter() && !room.enter())
    }

    @Test func tokensAreFreshAndTheirLinesAreRead() throws {
        let first = try #require(FreshToken(name: "ci", role: "viewer"))
        let second = try #require(FreshToken(name: "ci", role: "viewer"))
        #expect(first.token != second.token && first.token.hasPrefix("cft_") && first.token.utf8.count == 47)
        guard case .success(let entries) = TokenFile.parse("\(first.line)\r\n# x\n\t\n\(second.line) # y") else {
            Issue.record("a line of ours is not read")
            return
        }
        #expect(entries.count == 2 && entries.allSatisfy { $0.name == "ci" && $0.role == .viewer && $0.digest.count == 32 })
        for (name, role) in [
            ("", "viewer"), ("a b", "viewer"), ("ä", "viewer"), ("a", "admin"), ("a\n", "viewer"), ("#", "viewer"),
        ] {
            #expect(FreshToken(name: name, role: role) == nil)
        }
        for bad in [
            "a viewer", "a viewer sha256:00", "a boss \(first.line.split(separator: " ")[2])", "a viewer sha1:00 x",
            "a viewer \(first.line.split(separator: " ")[2])0",
        ] {
            guard case .failure(let mistake) = TokenFile.parse("\n\(bad)") else {
                Issue.record("'\(bad)' was read")
                continue
            }
            #expect(mistake.text.contains("line 2"))
        }
    }

    @Test func comparingTakesEveryByte() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]) && !constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2], [1, 2, 3]) && constantTimeEqual([UInt8](), [UInt8]()))
    }
}
