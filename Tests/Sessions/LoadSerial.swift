import CurfewModel
import CurfewTestSupport
import Foundation
import Testing

@testable import CurfewDaemon

/// Many at once, and much garbage.
@Suite(.serialized) struct SessionLoadSerial {
    @Test(.timeLimit(.minutes(3)))
    func sixtySessionsAreCutWithinASecond() async throws {
        let house = try await House("load")
        let one = try await house.grant()
        try await house.open {
            let clients = try await withThrowingTaskGroup(of: Client.self) { group in
                for index in 0..<60 {
                    if index >= 6 { _ = try await group.next() }
                    group.addTask {
                        let client = try await Client(house)
                        try await client.ask(house, ["cat"])
                        _ = try await client.accepted()
                        // Held by the task below as well: the connection lives as long as the channel.
                        return client
                    }
                }
                return try await group.reduce(into: [Client]()) { $0.append($1) }
            }
            #expect(await house.backend.openSessions == 60)
            let start = ContinuousClock.now
            try await house.backend.end([one])
            let passed = ContinuousClock.now - start
            #expect(passed < .seconds(1), "\(passed)")
            #expect(house.runtime.sessions.withLock { $0.count } == 60)
            #expect(await eventually { house.runtime.sessions.withLock { $0.allSatisfy { !$0.isAlive } } })
            for client in clients { #expect(try await client.rest().end?.reason == .cut) }
        }
        let ended = try await house.events("session.ended")
        #expect(ended.count == 60)
        for event in ended {
            let id = try #require(event.details["recording"])
            #expect(event.details["sha256"] == RecordingFile.digest(of: "\(house.state.recordings)/\(id).cast"))
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func garbageLeavesTheDoorOpenForOthers() async throws {
        let house = try await House("fuzz")
        try await house.grant()
        try await house.open {
            var generator = SystemRandomNumberGenerator()
            for round in 0..<300 {
                let client = try await Client(house)
                var bytes = (0..<Int.random(in: 0...200)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                if round % 2 == 0 {
                    let json = Array("{\"version\":1,\"grant\":\"one\",\"command\":[\"".utf8) + bytes
                    bytes = ExecFrame(.request, json).bytes
                }
                try? await client.send(raw: bytes)
                client.connection.close()
            }
            let client = try await Client(house)
            try await client.ask(house, ["echo", "in"])
            _ = try await client.accepted()
            #expect(try await client.rest().output == "in\n")
        }
    }
}
