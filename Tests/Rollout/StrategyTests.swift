import CurfewDrivers
import CurfewModel
import CurfewRollout
import Testing

@Suite struct StrategyTests {
    /// A world in which generation 1 has converged.
    private func world(
        replicas: Int = 1, _ strategy: RolloutPolicy.Strategy = .blueGreen, expose: Int? = 18080
    ) throws -> World {
        var world = World()
        world.want(1, replicas: replicas, strategy, expose: expose)
        try #require(world.settle() != nil)
        #expect(world.of(1).count == replicas)
        #expect(world.memory.lastGood == World.generation(1))
        #expect(world.memory.rollout == nil)
        return world
    }

    @Test func convergedStaysAsItIs() throws {
        var world = try world(replicas: 2)
        let before = world.told
        let decision = world.tick()
        #expect(decision.actions.isEmpty && decision.listeners == before && decision.phase == .converged)
        #expect(decision.wakeAt == nil && decision.memory == world.memory)
    }

    @Test func blueGreenSwitchesAtOnceAndStopsAfterTheDrain() throws {
        var world = try world(replicas: 2)
        let old = world.of(1)
        world.connect(3, to: old[0])
        world.want(2, replicas: 2)
        #expect(world.tick().starts == 2)
        #expect(world.serving(1) == 2 && world.serving(2) == 0)
        world.pass(.seconds(2))
        var decision = world.decide()
        #expect(decision.actions.isEmpty, "nothing is stopped before the edge is seen to have switched")
        // The edge is late: still nothing is stopped.
        world.memory = decision.memory
        world.told = decision.listeners
        world.pass(.seconds(30))
        #expect(world.decide().stopped.isEmpty)
        world.tick()
        #expect(world.serving(1) == 0 && world.serving(2) == 2)
        decision = world.tick()
        #expect(decision.stopped == [old[1]], "one has open connections")
        #expect(decision.wakeAt.map { $0 > world.now } ?? false)
        #expect(world.memory.lastGood == World.generation(2))
        world.now = decision.wakeAt ?? world.now
        #expect(world.tick().stopped == [old[0]])
        #expect(world.tick().phase == .converged)
    }

    @Test func nothingIsStoppedWhileTheEdgeIsSilent() throws {
        var world = try world()
        world.want(2)
        world.tick()
        world.pass(.seconds(2))
        world.edgeAnswers = false
        for _ in 0..<20 {
            #expect(world.tick().stopped.isEmpty)
            world.pass(.seconds(60))
        }
        #expect(world.failures.isEmpty, "an edge that is down is not the generation's fault")
        world.edgeAnswers = true
        #expect(world.settle() != nil)
        #expect(world.of(1).isEmpty && world.serving(2) == 1)
    }

    @Test func rollingNeverRunsMoreThanTheSurgeNorServesWithFewer() throws {
        var world = try world(replicas: 4)
        world.want(2, replicas: 4, .rolling(surge: 2))
        for _ in 0..<100 {
            let decision = world.tick()
            #expect(world.instances.count <= 6)
            #expect(world.serving(1) + world.serving(2) >= 4)
            if decision.phase == .converged { break }
            if decision.actions.isEmpty { world.pass(until: decision.wakeAt) }
        }
        #expect(world.of(1).isEmpty && world.serving(2) == 4)
    }

    @Test func canaryGoesThroughItsSteps() throws {
        var world = try world(replicas: 2)
        let steps = [RolloutPolicy.CanaryStep(weight: 10, pause: .seconds(30)), .init(weight: 50, pause: .seconds(60))]
        world.want(2, replicas: 2, .canary(steps: steps))
        var seen: [Int] = []
        for _ in 0..<100 {
            let decision = world.tick()
            let servers = decision.listeners.flatMap(\.servers).filter { !$0.draining }
            let fresh = servers.filter { world.of(2).contains($0.instance) }.reduce(0) { $0 + $1.weight }
            let total = max(1, servers.reduce(0) { $0 + $1.weight })
            let percent = (fresh * 100 + total / 2) / total
            if seen.last != percent { seen.append(percent) }
            if decision.phase == .converged { break }
            if decision.actions.isEmpty { world.pass(until: decision.wakeAt) }
        }
        #expect(seen == [0, 10, 50, 100])
        #expect(world.now.milliseconds - 1_000_000 >= 90_000)
        #expect(world.of(1).isEmpty && world.failures.isEmpty)
    }

    @Test func canaryThatFallsIllGivesTheTrafficBack() throws {
        var world = try world(replicas: 2)
        world.want(2, replicas: 2, .canary(steps: [.init(weight: 20, pause: .seconds(30))]))
        world.tick()
        world.pass(.seconds(2))
        world.tick()
        #expect(world.serving(2) == 2)
        world.health[world.of(2)[0]] = .unhealthy("500")
        let decision = world.tick()
        #expect(decision.failure?.instances.first == world.of(2).first)
        #expect(world.serving(2) == 0 && world.serving(1) == 2)
        #expect(decision.listeners.flatMap(\.servers).filter { !$0.draining }.allSatisfy { $0.weight == 100 })
        world.tick()
        #expect(world.of(2).isEmpty && world.of(1).count == 2)
    }

    @Test func recreateNeverRunsTwo() throws {
        var world = try world(replicas: 2, .recreate)
        world.want(2, replicas: 2, .recreate)
        for _ in 0..<30 {
            let decision = world.tick()
            #expect(world.instances.count <= 2)
            if decision.phase == .converged { break }
            if decision.actions.isEmpty { world.pass(until: decision.wakeAt) }
        }
        #expect(world.of(1).isEmpty && world.serving(2) == 2)
    }

    @Test func withoutPortsThereIsNothingToDrain() throws {
        var world = try world(replicas: 2, expose: nil)
        world.want(2, replicas: 2, expose: nil)
        world.tick()
        #expect(world.of(1).count == 2)
        world.pass(.seconds(2))
        #expect(world.tick().stopped.count == 2)
        #expect(world.tick().phase == .converged)
    }

    @Test func resizeStopsTheYoungestAfterTheDrain() throws {
        var world = try world()
        world.pass(.seconds(10))
        world.want(1, replicas: 3)
        #expect(world.tick().starts == 2)
        #expect(world.settle() != nil)
        let oldest = world.instances.values.min { $0.createdAt < $1.createdAt }?.id
        for id in world.of(1) { world.connect(1, to: id) }
        world.want(1, replicas: 1)
        #expect(world.tick().stopped.isEmpty)
        #expect(world.tick().stopped.isEmpty)
        world.pass(.seconds(10))
        #expect(world.tick().stopped.count == 2)
        #expect(world.of(1) == [oldest])
    }

    @Test func zeroReplicasKeepTheListenerOpen() throws {
        var world = try world(replicas: 2)
        world.want(1, replicas: 0)
        #expect(world.settle() != nil)
        #expect(world.instances.isEmpty && world.told.map(\.port) == [18080] && world.told[0].servers.isEmpty)
        world.want(2, replicas: 0)
        #expect(world.settle() != nil)
    }

    @Test func retireDrainsThenForgets() throws {
        var world = try world()
        world.connect(2, to: world.of(1)[0])
        world.desired = nil
        world.waitsFor = [Name(literal: "api")]
        #expect(world.tick().stopped.isEmpty && world.serving(1) == 1)
        world.waitsFor = []
        #expect(world.tick().stopped.isEmpty && world.serving(1) == 0)
        world.pass(.seconds(10))
        #expect(world.tick().stopped.count == 1)
        let last = world.tick()
        #expect(last.phase == .converged && last.listeners.isEmpty && last.memory == WorkloadMemory())
    }

    @Test func aChangedPortMovesWithTheTraffic() throws {
        var world = try world()
        world.want(2, expose: 18081)
        world.tick()
        #expect(world.told.map(\.port) == [18080])
        world.pass(.seconds(2))
        world.tick()
        #expect(world.told.map(\.port) == [18081])
        #expect(world.settle() != nil)
        #expect(world.of(1).isEmpty)
    }
}
