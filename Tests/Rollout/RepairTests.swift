import CurfewDrivers
import CurfewModel
import CurfewRollout
import Testing

@Suite struct RepairTests {
    private func world(replicas: Int = 1) throws -> World {
        var world = World()
        world.want(1, replicas: replicas)
        try #require(world.settle() != nil)
        world.pass(.seconds(60))
        return world
    }

    @Test func anExitedInstanceIsSucceededAtOnce() throws {
        var world = try world(replicas: 2)
        let victim = world.of(1)[0]
        world.instances[victim]?.state = .exited(code: 137)
        world.health[victim] = nil
        let decision = world.tick()
        #expect(decision.starts == 1 && decision.stopped == [victim] && decision.failure == nil)
        #expect(decision.listeners[0].servers.map(\.instance) == [world.of(1)[0]])
        #expect(world.settle() != nil)
        #expect(world.serving(1) == 2)
    }

    @Test func aTamperedInstanceServesUntilItsSuccessorDoes() throws {
        var world = try world()
        let victim = world.of(1)[0]
        world.instances[victim]?.tampered = "a file changed"
        #expect(world.tick().starts == 1)
        #expect(world.isActive(victim))
        world.pass(.seconds(2))
        #expect(world.tick().stopped.isEmpty)
        #expect(world.settle() != nil)
        #expect(world.instances[victim] == nil && world.serving(1) == 1)
    }

    @Test func anUnhealthyInstanceServesOnlyWhenNobodyElseCan() throws {
        var world = try world(replicas: 2)
        let ids = world.of(1)
        world.health[ids[0]] = .unhealthy("500")
        #expect(world.tick().stopped.isEmpty)
        #expect(!world.isActive(ids[0]) && world.isActive(ids[1]))
        world.health[ids[1]] = .unhealthy("500")
        world.tick()
        #expect(world.isActive(ids[1]), "better than no answer at all")
        #expect(world.settle() != nil)
        #expect(world.instances[ids[0]] == nil && world.instances[ids[1]] == nil && world.serving(1) == 2)
        #expect(world.failures.isEmpty)
    }

    @Test func aForeignInstanceGetsNoTrafficAndGoes() throws {
        var world = try world()
        let id = InstanceID(workload: World.name, generation: World.generation(1), suffix: 999)
        world.instances[id] = ObservedInstance(
            id: id, workload: World.name, generation: World.generation(1), state: .running, createdAt: world.now,
            endpoints: [World.port: Endpoint(host: "127.0.0.1", port: 9)], foreign: "no record")
        world.health[id] = .healthy
        let decision = world.tick()
        #expect(decision.stopped == [id] && decision.starts == 0)
        #expect(!decision.listeners.flatMap(\.servers).contains { $0.instance == id })
    }

    @Test func ignoranceAfterARestartReplacesNothing() throws {
        var world = try world(replicas: 2)
        world.health = [:]
        world.memory = WorkloadMemory()
        world.told = []
        let decision = world.tick()
        #expect(decision.actions.isEmpty && world.serving(1) == 2)
        #expect(decision.phase == .converged)
        // And the edge lost too, with what it was told remembered.
        world.edge = ObservedEdge()
        #expect(world.tick().actions.isEmpty && world.serving(1) == 2)
    }

    @Test func aCrashLoopIsStartedEverLaterAndNeverReverted() throws {
        var world = try world()
        world.behaviours[World.generation(1)] = .exits
        world.pass(.seconds(1))
        var starts: [Instant] = []
        for _ in 0..<400 where starts.count < 10 {
            let decision = world.tick()
            if decision.starts > 0 { starts.append(world.now) }
            #expect(decision.failure == nil && !decision.isFailed)
            #expect(world.instances.count <= 2)
            if decision.actions.isEmpty {
                world.pass(until: decision.wakeAt)
            } else {
                world.pass(.seconds(1))
            }
        }
        let pauses = zip(starts, starts.dropFirst()).map { ($1 - $0).milliseconds / 1000 }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        // One that lasts ends the row.
        world.behaviours[World.generation(1)] = .good
        #expect(world.settle() != nil)
        world.pass(.seconds(300))
        world.instances[world.of(1)[0]]?.state = .exited(code: 1)
        #expect(world.tick().starts == 1)
        #expect(world.memory.restarts.count == 1)
    }

    @Test func heldMeansNothingIsDone() throws {
        var world = try world(replicas: 2)
        let before = world.told
        world.held = true
        world.instances[world.of(1)[0]]?.state = .exited(code: 1)
        var decision = world.tick()
        #expect(decision.actions.isEmpty && decision.listeners[0].servers.count == 1)
        // The runtime is silent: nothing is seen, nothing is taken away.
        world.told = before
        world.instances = [:]
        decision = world.tick()
        #expect(decision.actions.isEmpty && decision.listeners == before)
        // Guarded against pruning, with what the edge was told lost.
        world.desired = nil
        world.told = []
        decision = world.tick()
        #expect(decision.actions.isEmpty)
        if case .held = decision.phase {} else { Issue.record("not held: \(decision.phase)") }
    }

    @Test func aFailedGenerationGoesEvenWhenHeld() throws {
        var world = try world()
        world.want(2, behaviour: .exits)
        world.tick()
        world.pass(.seconds(1))
        #expect(world.tick().failure != nil)
        world.held = true
        world.tick()
        #expect(world.of(2).isEmpty && world.serving(1) == 1)
        if case .failed = world.tick().phase {} else { Issue.record("not failed") }
    }

    @Test func aRuntimeThatCannotStartIsNotHammered() throws {
        var world = try world()
        world.behaviours[World.generation(1)] = .cannotStart
        world.instances[world.of(1)[0]]?.state = .exited(code: 1)
        var starts = 0
        for _ in 0..<60 {
            starts += world.tick().starts
            world.now = world.now + .seconds(1)
        }
        #expect((3...8).contains(starts))
        world.behaviours[World.generation(1)] = .good
        #expect(world.settle() != nil)
    }
}
