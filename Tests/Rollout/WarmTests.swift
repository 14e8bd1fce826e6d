import CurfewModel
import CurfewPlanning
import CurfewRollout
import Testing

/// `keepWarm`: the generation before runs on without traffic.
@Suite struct WarmTests {
    private func world(_ strategy: RolloutPolicy.Strategy = .blueGreen) throws -> World {
        var world = World()
        world.keepWarm = .seconds(300)
        world.want(1, replicas: 2, strategy)
        try #require(world.settle() != nil)
        world.want(2, replicas: 2, strategy)
        try #require(world.settle() != nil)
        return world
    }

    private func plan(_ world: World) throws -> Plan {
        var observation = Observation()
        observation.instances = [World.name: Array(world.instances.values)]
        observation.health = world.health
        let workload = try #require(world.desired)
        let desired = DesiredState(revision: workload.revision, workloads: [World.name: workload])
        return Planner.plan(
            PlanInput(desired: desired, observed: observation, memory: [World.name: world.memory], now: world.now))
    }

    @Test func staysWithoutTrafficAndGoesWhenItsTimeIsOver() throws {
        var world = try world()
        #expect((world.of(1).count, world.of(2).count) == (2, 2))
        #expect((world.serving(1), world.serving(2)) == (0, 2))
        #expect(try plan(world).steps.isEmpty, "nothing is left to be done")
        let end = try #require(world.decide().wakeAt)
        world.now = end
        #expect(try !plan(world).steps.isEmpty)
        try #require(world.settle() != nil)
        #expect((world.of(1).count, world.of(2).count) == (0, 2))
    }

    @Test(arguments: [RolloutPolicy.Strategy.blueGreen, .canary(steps: [.init(weight: 5, pause: .seconds(60))])])
    func aRollbackIsASwitch(_ strategy: RolloutPolicy.Strategy) throws {
        var world = try world(strategy)
        let kept = world.of(1)
        world.want(1, replicas: 2, strategy)
        let began = world.now
        #expect(world.tick().starts == 0)
        #expect((world.serving(1), world.serving(2)) == (2, 0), "at the first decision")
        try #require(world.settle() != nil)
        #expect(world.of(1) == kept && world.of(2).count == 2 && world.now == began)
        #expect(world.memory.warm?.generation == World.generation(2))
    }

    @Test func whatIsUnsoundOrOlderIsNotKept() throws {
        var world = try world()
        let (first, second) = (world.of(1)[0], world.of(1)[1])
        world.instances[first]?.tampered = "somebody was in it"
        world.instances[second]?.state = .exited(code: 1)
        #expect(try !plan(world).steps.isEmpty)
        try #require(world.settle() != nil)
        #expect(world.of(1).isEmpty)
        world.want(3, replicas: 2)
        try #require(world.settle() != nil)
        world.want(4, replicas: 2)
        try #require(world.settle() != nil)
        #expect((world.of(2).count, world.of(3).count, world.of(4).count) == (0, 2, 2))
        #expect(world.instances.values.allSatisfy { world.isActive($0.id) == ($0.generation == World.generation(4)) })
    }

    @Test func aFailedGenerationIsNeverKept() throws {
        var world = try world()
        world.want(3, replicas: 2, behaviour: .exits)
        for _ in 0..<40 {
            let decision = world.tick()
            world.pass(until: decision.actions.isEmpty ? decision.wakeAt : world.now + .seconds(1))
        }
        #expect(world.of(3).isEmpty && world.serving(2) == 2)
    }

    @Test func withoutTheWishItGoesAtOnce() throws {
        var world = try world()
        world.keepWarm = .zero
        world.want(2, replicas: 2)
        try #require(world.settle() != nil)
        #expect((world.of(1).count, world.of(2).count) == (0, 2))
    }
}
