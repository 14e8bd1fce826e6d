import CurfewDrivers
import CurfewModel
import CurfewRollout
import Testing

@Suite struct FailureTests {
    private func world(replicas: Int = 1, _ strategy: RolloutPolicy.Strategy = .blueGreen) throws -> World {
        var world = World()
        world.want(1, replicas: replicas, strategy)
        try #require(world.settle() != nil)
        return world
    }

    /// Ticks and lets time go by until the first failure.
    private func fail(_ world: inout World, limit: Int = 100) -> RolloutDecision? {
        for _ in 0..<limit {
            let decision = world.tick()
            if decision.failure != nil { return decision }
            if decision.actions.isEmpty { world.pass(until: decision.wakeAt) }
        }
        return nil
    }

    @Test(arguments: [World.Behaviour.exits, .neverHealthy, .cannotStart])
    func aBadGenerationNeverTakesTheOldOneDown(_ behaviour: World.Behaviour) throws {
        for strategy in [
            RolloutPolicy.Strategy.blueGreen, .rolling(surge: 1), .canary(steps: [.init(weight: 10, pause: .seconds(5))]),
        ] {
            var world = try world(replicas: 2, strategy)
            world.want(2, replicas: 2, strategy, behaviour: behaviour)
            let decision = try #require(fail(&world))
            #expect(decision.failure?.isFirst == true && decision.failure?.onFailure == .revert)
            #expect(decision.failure?.generation == World.generation(2))
            #expect(decision.isFailed)
            #expect(world.serving(1) == 2 && world.serving(2) == 0)
            // Told once, and what is left of it goes.
            for _ in 0..<5 { #expect(world.tick().failure == nil) }
            #expect(world.of(2).isEmpty && world.of(1).count == 2)
            // The revert: nothing is left to do.
            world.want(1, replicas: 2, strategy)
            #expect(world.tick().phase == .converged)
            #expect(world.failures.count == 1)
        }
    }

    @Test func aFailedGenerationIsTriedAgainEverLater() throws {
        var world = try world()
        world.want(2, behaviour: .exits)
        var pauses: [Span] = []
        for attempt in 1...9 {
            let decision = try #require(fail(&world, limit: 400))
            #expect(decision.failure?.attempt == attempt)
            let next = try #require(world.memory.failures[World.generation(2)]?.nextTry)
            pauses.append(next - world.now)
            #expect(decision.wakeAt == next)
            world.tick()
            world.now = next + .milliseconds(-1)
            #expect(world.tick().starts == 0)
            world.now = next
        }
        #expect(pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].map { Span.seconds($0) })
        #expect(world.serving(1) == 1)
    }

    @Test func aFirstReleaseThatFailsIsStoppedAndTriedAgain() throws {
        var world = World()
        world.want(1, replicas: 2, behaviour: .exits)
        #expect(fail(&world) != nil)
        world.tick()
        #expect(world.instances.isEmpty && world.told.map(\.port) == [18080])
        world.behaviours[World.generation(1)] = .good
        #expect(world.settle() != nil)
        #expect(world.memory.failures.isEmpty, "what came good is forgiven")
    }

    @Test func theDeadlineEndsWhatNeverAnswers() throws {
        var world = try world()
        world.want(2, deadline: .seconds(10), behaviour: .neverHealthy)
        let decision = try #require(fail(&world))
        #expect(decision.failure?.reason == "not done within 10s: 0 of 1 healthy")
        #expect(decision.failure?.instances.count == 1)
    }

    @Test func timeWithoutADaemonIsNoFault() throws {
        var world = try world()
        world.want(2)
        world.tick()
        // Killed here, started an hour later: nothing has been probed since.
        world.now = world.now + .seconds(3600)
        world.health = [:]
        let decision = world.tick()
        #expect(decision.failure == nil && decision.stopped.isEmpty)
        #expect(world.serving(1) == 1, "unknown is kept, not replaced")
        world.probe()
        #expect(world.settle() != nil)
        #expect(world.failures.isEmpty && world.serving(2) == 1)
    }

    @Test func aNewerRevisionPreEmptsAStuckOne() throws {
        var world = try world(replicas: 2)
        world.want(2, replicas: 2, behaviour: .neverHealthy)
        world.tick()
        #expect(world.of(2).count == 2)
        world.want(3, replicas: 2)
        world.tick()
        #expect(world.of(2).isEmpty, "no traffic, so at once")
        #expect(world.settle() != nil)
        #expect(world.serving(3) == 2 && world.instances.count == 2 && world.failures.isEmpty)
    }

    @Test func aPreEmptedCanaryGivesItsShareBack() throws {
        var world = try world(replicas: 2)
        let canary = RolloutPolicy.Strategy.canary(steps: [.init(weight: 10, pause: .seconds(600))])
        world.want(2, replicas: 2, canary)
        world.tick()
        world.pass(.seconds(2))
        world.tick()
        #expect(world.serving(2) == 2 && world.serving(1) == 2)
        world.want(3, replicas: 2)
        world.tick()
        #expect(world.serving(2) == 0 && world.serving(1) == 2)
        #expect(world.settle() != nil)
        #expect(world.serving(3) == 2 && world.instances.count == 2)
    }

    @Test func aLostMemoryCausesNoFailure() throws {
        var world = try world(replicas: 2)
        world.perform(.stop(world.of(1)[0], grace: .zero, reason: ""))
        world.instances[world.of(1)[0]]?.state = .exited(code: 137)
        world.memory = WorkloadMemory()
        world.told = []
        world.health = [:]
        #expect(world.settle() != nil)
        #expect(world.failures.isEmpty && world.serving(1) == 2)
    }

    @Test func aLostMemoryInMidRolloutGoesOn() throws {
        for strategy in [
            RolloutPolicy.Strategy.blueGreen, .rolling(surge: 1), .canary(steps: [.init(weight: 9, pause: .seconds(9))]),
        ] {
            for ticks in 0..<6 {
                var world = try world(replicas: 3, strategy)
                world.want(2, replicas: 3, strategy)
                for _ in 0..<ticks {
                    let decision = world.tick()
                    if decision.actions.isEmpty { world.pass(until: decision.wakeAt) }
                }
                world.memory = WorkloadMemory()
                world.told = []
                world.health = [:]
                world.tick()
                #expect(world.serving(1) + world.serving(2) >= 3)
                world.probe()
                #expect(world.settle() != nil)
                #expect(world.serving(2) == 3 && world.instances.count == 3 && world.failures.isEmpty)
            }
        }
    }

    @Test func aClockSetBackStretchesNothing() throws {
        var world = try world()
        world.want(2, behaviour: .exits)
        #expect(fail(&world) != nil)
        world.tick()
        world.now = Instant(milliseconds: world.now.milliseconds - 10_000_000_000)
        world.behaviours[World.generation(2)] = .good
        let decision = world.tick()
        #expect(decision.wakeAt.map { $0 <= world.now + .seconds(3600) } ?? false)
        world.now = decision.wakeAt ?? world.now
        #expect(world.settle() != nil)
        #expect(world.serving(2) == 1)
    }

    @Test func nothingStartsBeforeWhatItWaitsFor() throws {
        var world = World()
        world.want(1)
        world.waitsFor = [Name(literal: "db")]
        for _ in 0..<10 {
            #expect(world.tick().starts == 0)
            world.pass(.seconds(60))
        }
        #expect(world.failures.isEmpty, "its time does not run while it may not start")
        world.waitsFor = []
        #expect(world.settle() != nil)
        // Repair does not wait.
        world.waitsFor = [Name(literal: "db")]
        world.instances[world.of(1)[0]]?.state = .exited(code: 1)
        #expect(world.tick().starts == 1)
    }
}
