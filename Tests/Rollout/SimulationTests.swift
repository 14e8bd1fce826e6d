import CurfewDrivers
import CurfewModel
import CurfewRollout
import Testing

/// SplitMix64: the same numbers for the same seed everywhere.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// Random interleavings of deploys, crashes, kills of the daemon, lost memory and a late edge.
@Suite struct SimulationTests {
    @Test(.timeLimit(.minutes(1)), arguments: 0..<150)
    func keepsItsPromises(_ seed: Int) throws {
        var random = Seeded(state: UInt64(seed))
        var chaos = Chaos(strategy: Chaos.strategies[seed % Chaos.strategies.count])
        if seed % 3 == 0, chaos.keepsWarm { chaos.world.keepWarm = .seconds(40) }
        chaos.world.want(1, replicas: 2, chaos.strategy)
        for _ in 0..<150 { chaos.step(&random) }
        chaos.calm()
        #expect(chaos.broken.isEmpty, "seed \(seed): \(chaos.broken.prefix(3))")
        let number = chaos.revision + 1
        chaos.world.keepWarm = .zero
        chaos.world.want(number, replicas: 3, chaos.strategy)
        #expect(chaos.world.settle(limit: 300) != nil, "seed \(seed) converges")
        #expect(chaos.world.of(number).count == 3 && chaos.world.instances.count == 3, "seed \(seed)")
        #expect(chaos.world.serving(number) == 3, "seed \(seed)")
        chaos.world.desired = nil
        #expect(chaos.world.settle(limit: 50) != nil)
        #expect(chaos.world.instances.isEmpty && chaos.world.edge.listeners.isEmpty)
    }
}

/// A world that things happen to, and the invariants that are checked on each decision.
struct Chaos {
    static let strategies: [RolloutPolicy.Strategy] = [
        .blueGreen, .rolling(surge: 1), .rolling(surge: 2), .recreate,
        .canary(steps: [.init(weight: 10, pause: .seconds(5)), .init(weight: 50, pause: .seconds(5))]),
    ]

    let strategy: RolloutPolicy.Strategy
    var world = World()
    var revision = 1
    var broken: [String] = []
    private var drained: [InstanceID: Instant] = [:]
    private var notBefore: [Generation: Instant] = [:]
    private var late: [EdgeListener]?

    init(strategy: RolloutPolicy.Strategy) { self.strategy = strategy }

    var keepsWarm: Bool {
        switch strategy {
        case .blueGreen, .canary: true
        case .rolling, .recreate: false
        }
    }

    mutating func step(_ random: inout Seeded) {
        happen(&random)
        let decision = world.decide()
        check(decision)
        // The daemon may die anywhere from here on.
        var budget = random.chance(15) ? Int.random(in: 0..<4, using: &random) : .max
        func may() -> Bool { budget -= 1; return budget >= 0 }
        if may() { world.memory = decision.memory }
        if decision.failure != nil, let generation = world.desired?.generation, world.memory == decision.memory {
            notBefore[generation] = decision.memory.failures[generation]?.nextTry
        }
        // What came good is forgiven.
        if let good = decision.memory.lastGood { notBefore[good] = nil }
        if may() {
            world.told = decision.listeners
            if let late { world.apply(late) }
            late = nil
            if !world.edgeAnswers || random.chance(30) { late = decision.listeners } else { world.apply(decision.listeners) }
        }
        for action in decision.actions where may() { world.perform(action) }
        if budget < 0 { restart(&random) }
        if world.memory != decision.memory { notBefore = [:] }
        world.pass(.milliseconds(Int64.random(in: 50...3000, using: &random)))
    }

    /// Nothing more goes wrong.
    mutating func calm() {
        world.edgeAnswers = true
        late = nil
        for generation in world.behaviours.keys { world.behaviours[generation] = .good }
    }

    private mutating func restart(_ random: inout Seeded) {
        world.health = [:]
        world.artifactFailure = nil
        if random.chance(30) {
            world.memory = WorkloadMemory()
            notBefore = [:]
        }
        if random.chance(30) { world.told = [] }
    }

    private mutating func happen(_ random: inout Seeded) {
        if random.chance(8) {
            revision += 1
            let number = random.chance(25) ? Int.random(in: 1...revision, using: &random) : revision
            let fate: World.Behaviour =
                random.chance(60) ? .good : [.exits, .neverHealthy, .cannotStart].randomElement(using: &random) ?? .good
            let before = world.behaviours[World.generation(number)]
            world.want(number, replicas: Int.random(in: 0...4, using: &random), strategy, behaviour: before ?? fate)
        }
        if random.chance(5), let id = world.instances.keys.sorted().randomElement(using: &random) {
            world.instances[id]?.state = .exited(code: 137)
            world.health[id] = nil
        }
        if random.chance(3), let id = world.instances.keys.sorted().randomElement(using: &random) {
            world.instances[id]?.tampered = "changed"
        }
        world.edgeAnswers = !random.chance(10)
        for id in world.instances.keys.sorted() {
            if world.isActive(id) {
                world.connect(Int.random(in: 0...3, using: &random), to: id)
            } else if random.chance(20) {
                world.connect(0, to: id)
            }
        }
    }

    private mutating func check(_ decision: RolloutDecision) {
        func fail(_ text: String) { broken.append("\(text) at \(world.now.milliseconds): \(decision.phase)") }
        guard let desired = world.desired else { return }
        if world.decide() != decision { fail("two decisions differ") }
        if let wake = decision.wakeAt, wake <= world.now { fail("wakes in the past") }
        let active = Set(decision.listeners.flatMap(\.servers).filter { $0.weight > 0 && !$0.draining }.map(\.instance))
        let named = Set(decision.listeners.flatMap(\.servers).map(\.instance))
        drained = drained.filter { named.contains($0.key) && !active.contains($0.key) }
        for id in named.subtracting(active) where drained[id] == nil { drained[id] = world.now }

        for id in decision.stopped {
            guard let instance = world.instances[id], instance.state == .running, isWell(id) else { continue }
            if world.isActive(id) { fail("stops \(id), which gets traffic") }
            if world.edge.connections(of: id) > 0, let since = drained[id], world.now - since < desired.workload.rollout.drain {
                fail("cuts connections of \(id)")
            }
        }
        for id in world.instances.keys where isWell(id) && world.edge.connections(of: id) > 0 && world.edgeAnswers {
            if !named.contains(id) { fail("forgets \(id), which has connections") }
        }
        if strategy != .recreate && world.edgeAnswers {
            let serving = world.instances.keys.count { world.isActive($0) && isWell($0) }
            let staying = active.count { isWell($0) && world.instances[$0] != nil }
            let proven = world.instances.values.count {
                $0.generation != desired.generation && isWell($0.id) && world.isActive($0.id)
            }
            let wanted = decision.isFailed ? proven : serving
            if staying < min(wanted, desired.workload.replicas) { fail("serves with \(staying) instead of \(serving)") }
        }
        let alive = world.instances.values.count { if case .exited = $0.state { false } else { true } }
        if decision.actions.contains(.start), alive + decision.starts > 10 { fail("\(alive + decision.starts) instances") }
        if decision.starts > 0, let next = notBefore[desired.generation], world.now < next, world.memory.failures.count < 8,
            world.memory.lastGood != desired.generation
        {
            fail("tries again too early")
        }
    }

    private func isWell(_ id: InstanceID) -> Bool { world.health[id] == .healthy && world.instances[id]?.state == .running }
}
