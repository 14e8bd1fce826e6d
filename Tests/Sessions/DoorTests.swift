import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewDaemon

/// Whoever knocks is hostile until the signature has been checked.
@Suite struct DoorTests {
    @Test(.timeLimit(.minutes(1)))
    func garbageIsRefused() async throws {
        let house = try await House("door")
        try await house.grant()
        try await house.open {
            for bytes in [
                Array("GET / HTTP/1.1\r\n\r\n".utf8), [0, 0, 0, 1, 0x7A, 0], [0, 1, 0, 1, 0x51], ExecFrame(.input, [1]).bytes,
                ExecFrame(.request, Array("{}".utf8)).bytes, ExecFrame(.hello).bytes, [0xFF, 0xFF, 0xFF, 0xFF, 0x51],
            ] as [[UInt8]] {
                let client = try await Client(house)
                _ = try await client.hello()
                try await client.send(raw: bytes)
                let end = try await client.rest().end
                #expect(end?.reason == .refused)
                #expect(end?.message.contains("not what `curfew exec` sends") ?? false)
            }
        }
        #expect(try await house.events("attempt.refused").count == 7)
        #expect(try await house.events("session").isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func strangersHearTheSameWhateverIsWrong() async throws {
        let house = try await House("door")
        try await house.grant()
        let gone = try await house.grant("gone")
        try await house.backend.end([gone])
        try await house.grant("over", lasting: .milliseconds(300))
        try await Task.sleep(for: .milliseconds(400))
        try await house.open {
            func answer(_ ask: (Client) async throws -> Void) async throws -> ExecEnd? {
                let client = try await Client(house)
                try await ask(client)
                return try await client.rest().end
            }
            let old = try await Client(house)
            let replayed = try await old.hello().challenge
            let answers = [
                try await answer { try await $0.ask(house, grant: "unknown") },
                try await answer { try await $0.ask(house, grant: "gone") },
                try await answer { try await $0.ask(house, grant: "over") },
                try await answer { try await $0.ask(house, signer: "mallory") },
                try await answer { try await $0.ask(house, signer: "mallory", key: "alice") },
                try await answer { try await $0.ask(house, challenge: replayed) },
                try await answer { try await $0.ask(house, workload: "other", signer: "mallory") },
            ]
            for answer in answers { #expect(answer == ExecEnd(.refused, EntryRefusal.strangersAnswer)) }
        }
        let told = try await house.events("attempt.refused")
        #expect(
            told.map { $0.details["why"] } == [
                "there is no live grant of this name", "there is no live grant of this name", "the grant has ended",
                "the key is none of alice's login keys", "the signature is not of this request by this key",
                "the signature is not of this request by this key", "the key is none of alice's login keys",
            ])
        #expect(told.allSatisfy { $0.details["key"]?.hasPrefix("SHA256:") ?? false && $0.details["uid"] == "\(getuid())" })
        #expect(try await house.events("session").isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func anotherSignedFieldIsAnotherRequest() async throws {
        let house = try await House("door")
        try await house.grant()
        try await house.open {
            for change in [
                { $0.command = ["sh", "-c", "id"] }, { $0.instance = "orders-api-1" },
                { $0.terminal = ExecSize(columns: 1, rows: 1) },
                { $0.term = "dumb" }, { $0.workload = "other" },
            ] as [(inout ExecRequest) -> Void] {
                let client = try await Client(house)
                let hello = try await client.hello()
                var request = ExecRequest(
                    grant: "one", workload: "orders-api", command: ["sh"], key: try house.keys.key("alice").line)
                request.signature = try await house.keys.sign(
                    request.signedText(challenge: hello.challenge), as: "alice", for: ExecRequest.namespace)
                change(&request)
                try await client.connection.send(ExecFrame(.request, json: request))
                #expect(try await client.rest().end?.message == EntryRefusal.strangersAnswer)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aSignatureForAnotherPurposeIsNone() async throws {
        let house = try await House("door")
        try await house.grant()
        try await house.open {
            let client = try await Client(house)
            let hello = try await client.hello()
            var request = ExecRequest(
                grant: "one", workload: "orders-api", command: ["sh"], key: try house.keys.key("alice").line)
            request.signature = try await house.keys.sign(
                request.signedText(challenge: hello.challenge), as: "alice", for: "git")
            try await client.connection.send(ExecFrame(.request, json: request))
            #expect(try await client.rest().end?.message == EntryRefusal.strangersAnswer)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func theKnownHearWhatIsWrong() async throws {
        let house = try await House("door")
        try await house.grant(commands: ["psql -U app"])
        try await house.grant("any")
        try await house.open {
            func answer(_ ask: (Client) async throws -> Void) async throws -> ExecEnd? {
                let client = try await Client(house)
                try await ask(client)
                return try await client.rest().end
            }
            let workload = try await answer { try await $0.ask(house, workload: "other") }
            #expect(workload?.message.contains("reaches into: orders-api") ?? false)
            let command = try await answer { try await $0.ask(house, ["sh"]) }
            #expect(command?.message.contains("it allows: psql -U app") ?? false)
            let instance = try await answer { try await $0.ask(house, grant: "any", instance: "orders-api-9") }
            #expect(instance?.reason == .notFound)
            house.runtime.isDown.withLock { $0 = true }
            let engine = try await answer { try await $0.ask(house, grant: "any") }
            #expect(engine?.reason == .notBegun)
        }
        #expect(try await house.events("attempt.refused").map { $0.details["person"] } == ["alice", "alice", "alice"])
        #expect(try await house.ended().details["why"]?.hasPrefix("not begun") ?? false)
    }

    @Test(.timeLimit(.minutes(1)))
    func slowAndSilentClientsAreHungUpOn() async throws {
        var limits = Reception.Limits()
        limits.authentication = .milliseconds(600)
        let house = try await House("door", limits: limits)
        try await house.open {
            let (silent, slow) = (try await Client(house), try await Client(house))
            let start = ContinuousClock.now
            let dripping = Task {
                for byte in ExecFrame(.request, Array(repeating: 0x20, count: 1000)).bytes {
                    try await slow.send(raw: [byte])
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(try await silent.rest().end == nil)
            #expect(try await slow.rest().end == nil)
            #expect(ContinuousClock.now - start < .seconds(3))
            dripping.cancel()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func nobodyShutsTheOthersOut() async throws {
        let seats = Seats()
        for _ in 0..<8 { #expect(seats.wait(1000)) }
        #expect(!seats.wait(1000))
        #expect(seats.wait(1001))
        seats.stopWaiting(1000)
        #expect(seats.wait(1000))
        for _ in 0..<23 { #expect(seats.wait(0)) }
        #expect(!seats.wait(0))
        var limits = Reception.Limits()
        limits.seats.waiting = 2
        let house = try await House("door", limits: limits)
        try await house.open {
            let waiting = [try await Client(house), try await Client(house)]
            for client in waiting { _ = try await client.hello() }
            #expect(try await Client(house).rest().end?.message.contains("too many") ?? false)
            waiting[0].connection.close()
            let isFree = await eventually { (try? await Client(house).hello()) != nil }
            #expect(isFree)
        }
    }

    @Test func oneAccountIsToldOfNowAndThen() {
        var limiter = AttemptLimiter()
        let now = Instant(milliseconds: 0)
        for _ in 0..<10 { #expect(limiter.take(1000, now: now) == 0) }
        for _ in 0..<5 { #expect(limiter.take(1000, now: now) == nil) }
        #expect(limiter.take(1001, now: now) == 0)
        #expect(limiter.take(1000, now: now + .seconds(7)) == 5)
        #expect(limiter.take(1000, now: now + .seconds(7)) == nil)
    }
}
