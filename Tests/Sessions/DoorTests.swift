import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Synchronization
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
        let seats = Seats(own: 7)
        let first = try #require(seats.wait(1000))
        for _ in 0..<7 { #expect(seats.wait(1000) != nil) }
        #expect(seats.wait(1000) == nil)
        #expect(seats.wait(1001) != nil)
        seats.stopWaiting(first)
        #expect(seats.wait(1000) != nil)
        // Root's and the daemon's own are theirs, however many others there are.
        for account in UInt32(2000)..<2100 { _ = seats.wait(account) }
        for index in 0..<32 { #expect(seats.wait(index.isMultiple(of: 2) ? 0 : 7) != nil) }
        #expect(seats.wait(0) == nil || seats.wait(7) == nil)
        var limits = Reception.Limits()
        (limits.seats.waiting, limits.seats.reserved) = (2, 2)
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

    /// Whoever has the most makes room, and nobody who has one makes room for those who have many.
    @Test func manyAccountsShutNobodyOut() throws {
        var limits = Seats.Limits()
        (limits.waiting, limits.waitingOfOne) = (16, 8)
        let seats = Seats(limits, own: 7)
        let closed = Mutex<[UInt32]>([])
        func wait(_ account: UInt32) -> Int? { seats.wait(account) { closed.withLock { $0.append(account) } } }
        for account in UInt32(1)...4 { for _ in 0..<8 { _ = wait(account) } }
        let mine = try #require(wait(1000))
        for _ in 0..<100 { for account in UInt32(1)...4 { _ = wait(account) } }
        #expect(!closed.withLock { $0.contains(1000) })
        seats.stopWaiting(mine)
        // More accounts than places: the oldest goes, and whoever comes gets in.
        for account in UInt32(3000)..<3200 { #expect(wait(account) != nil) }
        #expect(wait(1000) != nil)
    }

    @Test func sessionsAndAttemptsAreCountedByAccount() {
        var limits = Seats.Limits()
        (limits.inside, limits.insideOfOne, limits.insideReserved) = (6, 3, 2)
        limits.refused = (burst: 2, every: .seconds(1))
        let seats = Seats(limits, own: 7)
        #expect((0..<4).map { _ in seats.enter(1000) } == [true, true, true, false])
        #expect(seats.enter(1001) && !seats.enter(1002))
        #expect(seats.enter(0) && seats.enter(7) && !seats.enter(0))
        seats.leave(1000)
        #expect(!seats.enter(1002))
        let now = Instant(milliseconds: 0)
        #expect(seats.mayTry(1000, now: now) && seats.mayTry(1000, now: now) && !seats.mayTry(1000, now: now))
        #expect(seats.mayTry(1001, now: now))
        seats.succeeded(1001)
        #expect(seats.mayTry(1001, now: now) && seats.mayTry(1001, now: now) && !seats.mayTry(1001, now: now))
        #expect((0..<100).allSatisfy { _ in seats.mayTry(0, now: now) && seats.mayTry(7, now: now) })
        #expect(seats.mayTry(1000, now: now + .seconds(1)))
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
