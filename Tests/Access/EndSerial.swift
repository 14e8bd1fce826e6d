import CurfewDrivers
import CurfewJournal
import CurfewModel
import CurfewTestSupport
import Testing

@testable import CurfewDaemon

/// No call that hangs delays the end of another access.
@Suite struct EndSerial {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    /// Random grants on random backends, in each of which any call may hang.
    @Test(.timeLimit(.minutes(1)), arguments: UInt64(1)...6)
    func eachEndReachesItsBackendInTime(_ seed: UInt64) async throws {
        var random = Generator(state: seed &* 0x9E37_79B9)
        let backends = (0..<3).map { number in
            let (chance, salt) = (UInt64.random(in: 20...70, using: &random), UInt64.random(in: 1...999, using: &random))
            return FaultyBackend("backend-\(number)", now: { WallClock.system.now }) { call, count in
                guard call != .open else { return false }
                return Generator(state: salt &+ UInt64(count) &* 7919).mixed % 100 < chance
            }
        }
        let bench = try Bench(backends)
        let begin = WallClock.system.now
        var ends: [(GrantID, Instant, [FaultyBackend])] = []
        for number in 0..<16 {
            let end = begin + .milliseconds(Int64.random(in: 0...1500, using: &random))
            let on = backends.filter { _ in Bool.random(using: &random) }
            ends.append((Bench.id(number), end, on))
            await bench.keeper.plant([Bench.live(number, on: on, until: end)])
        }
        for number in 100..<106 { await bench.keeper.begin(number, on: backends, until: begin + .seconds(60)) }
        try await bench.run {
            for (id, end, on) in ends {
                for backend in on {
                    let isReached = await eventually(within: .seconds(6)) { backend.ended[id] != nil }
                    #expect(isReached, "\(id) was never ended on \(backend.name)")
                    if let moment = backend.ended[id] {
                        #expect(moment - end <= .seconds(1), "\(id) on \(backend.name): \(moment - end) late")
                    }
                }
            }
        }
        for backend in backends {
            #expect(backend.mostOut(.end) <= 2)
            for call in [FaultyBackend.Call.give, .observe, .evidence] { #expect(backend.mostOut(call) <= 1, "\(call)") }
        }
    }

    /// Those that ended together and hang are each tried alone: the one that hangs hangs for itself.
    @Test(.timeLimit(.minutes(1))) func whatEndsTogetherIsTriedAlone() async throws {
        let backend = FaultyBackend("one", now: { WallClock.system.now }) { call, count in call == .end && count < 4 }
        let bench = try Bench([backend])
        let end = WallClock.system.now
        await bench.keeper.plant((0..<5).map { Bench.live($0, on: [backend], until: end) })
        try await bench.run {
            #expect(
                await eventually(within: .seconds(12)) {
                    var gone = 0
                    for number in 0..<5 where await bench.keeper.phase(of: Bench.id(number)) == .ended { gone += 1 }
                    return gone >= 3
                })
        }
    }

    @Test(.timeLimit(.minutes(1))) func aBackendThatCannotBeOpenedHoldsUpNoOther() async throws {
        let (bad, good) = (
            FaultyBackend("bad", now: { WallClock.system.now }) { call, _ in call == .open },
            FaultyBackend("good", now: { WallClock.system.now }) { _, _ in false }
        )
        let bench = try Bench([bad, good])
        let end = WallClock.system.now
        await bench.keeper.plant([Bench.live(1, on: [bad, good], until: end)])
        try await bench.run {
            #expect(await eventually(within: .seconds(1)) { good.ended[Bench.id(1)] != nil })
            // It is asked all the same, after a moment.
            #expect(await eventually(within: .seconds(5)) { bad.ended[Bench.id(1)] != nil })
        }
    }

    /// What gives after its grant has ended is ended again.
    @Test(.timeLimit(.minutes(1))) func accessThatComesLateIsTakenBack() async throws {
        let backend = FaultyBackend("late", now: { WallClock.system.now }) { call, _ in call == .give }
        let bench = try Bench([backend])
        let id = Bench.id(7)
        await bench.keeper.begin(7, on: [backend], until: WallClock.system.now + .milliseconds(800))
        try await bench.run {
            #expect(await eventually { await bench.keeper.phase(of: id) == .ended })
            #expect(backend.endings(of: id) == 1)
            backend.release()
            #expect(await eventually { backend.endings(of: id) > 1 && !backend.given.contains(id) })
        }
    }

    /// An end that does not come about is told everywhere.
    @Test(.timeLimit(.minutes(1))) func anEndThatIsOverdueIsReported() async throws {
        let backend = FaultyBackend("stuck", now: { WallClock.system.now }) { call, _ in call == .end }
        let bench = try Bench([backend])
        let id = Bench.id(3)
        let end = WallClock.system.now
        await bench.keeper.plant([Bench.live(3, on: [backend], until: end)])
        try await bench.run {
            #expect(
                await eventually(within: .seconds(9)) {
                    await bench.keeper.problems.values.contains { $0.contains("overdue since") }
                })
            #expect(bench.board.current.overdue(by: AccessKeeper.grace, at: WallClock.system.now).count == 1)
            let isTold = try await eventually { try await bench.journal.last(20).map(\.kind).contains("grant.overdue") }
            #expect(isTold)
            backend.release()
            #expect(await eventually { await bench.keeper.phase(of: id) == .ended })
            #expect(await eventually { bench.board.current.ends.isEmpty })
            #expect(await bench.keeper.problems.values.allSatisfy { !$0.contains("overdue since") })
        }
    }
}

extension RandomNumberGenerator {
    fileprivate var mixed: UInt64 {
        var copy = self
        _ = copy.next()
        return copy.next() >> 16
    }
}
