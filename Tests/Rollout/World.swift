import CurfewDrivers
import CurfewModel

import CurfewRollout

/// A tiny world: one workload on a runtime and an edge, and a daemon that decides, acts, forgets and dies.
struct World {
    enum Behaviour { case good, exits, neverHealthy, cannotStart }

    static let name = Name(literal: "web")
    static let port = Name(literal: "http")

    var now = Instant(milliseconds: 1_000_000)
    var instances: [InstanceID: ObservedInstance] = [:]
    var health: [InstanceID: Health] = [:]
    var edge = ObservedEdge()
    var edgeAnswers = true
    var memory = WorkloadMemory()
    var told: [EdgeListener] = []
    var desired: DesiredWorkload?
    var behaviours: [Generation: Behaviour] = [:]
    var artifactFailure: String?
    var held = false
    var waitsFor: [Name] = []
    var suffix: UInt64 = 0
    /// Time from the start to the first healthy answer.
    var warmUp = Span.seconds(2)
    var keepWarm = Span.zero
    var failures: [RolloutFailure] = []

    private static let generations = (0..<4096).compactMap { number in
        let digits = String(number, radix: 16)
        return Generation(digits + String(repeating: "0", count: 64 - digits.count))
    }

    /// Generation `number`, 1 to 4095.
    static func generation(_ number: Int) -> Generation { generations[number] }

    /// Wants generation `number`, with these wishes.
    mutating func want(
        _ number: Int, replicas: Int = 1, _ strategy: RolloutPolicy.Strategy = .blueGreen, deadline: Span = .seconds(60),
        drain: Span = .seconds(10), expose: Int? = 18080, behaviour: Behaviour = .good
    ) {
        let generation = World.generation(number)
        let workload = Workload(
            name: World.name, runtime: Name(literal: "local"), replicas: replicas, artifact: .none, command: ["x"],
            ports: [Port(name: World.port, expose: expose)],
            health: HealthCheck(probe: .tcp(port: World.port), startup: .seconds(20)),
            rollout: RolloutPolicy(strategy: strategy, deadline: deadline, drain: drain))
        guard let revision = ObjectID(String(repeating: "a", count: 40)) else { return }
        desired = DesiredWorkload(
            workload: workload, generation: generation, parts: [:], bundle: Name(literal: "default"), revision: revision)
        desired?.workload.rollout.keepWarm = keepWarm
        behaviours[generation] = behaviour
    }

    var input: RolloutInput {
        RolloutInput(
            workload: World.name, desired: desired, instances: Array(instances.values), health: health,
            edge: edgeAnswers ? edge : nil, lastListeners: told, memory: memory, held: held, waitsFor: waitsFor,
            artifactFailure: artifactFailure, now: now)
    }

    func decide() -> RolloutDecision { Rollout.decide(input) }

    /// Decides and does it all.
    @discardableResult
    mutating func tick() -> RolloutDecision {
        let decision = decide()
        memory = decision.memory
        if let failure = decision.failure { failures.append(failure) }
        told = decision.listeners
        if edgeAnswers { apply(decision.listeners) }
        for action in decision.actions { perform(action) }
        return decision
    }

    /// Ticks until the phase is `converged`, jumping from event to event; the number of ticks, `nil` when it never is.
    mutating func settle(limit: Int = 200) -> Int? {
        for count in 1...limit {
            let decision = tick()
            if decision.phase == .converged { return count }
            if decision.actions.isEmpty { pass(until: decision.wakeAt) }
            probe()
        }
        return nil
    }

    /// Lets time go on to the next thing that happens.
    mutating func pass(until wake: Instant?) {
        let warm = instances.values.map { $0.createdAt + warmUp }.filter { $0 > now }.min()
        let next = [wake, warm].compactMap(\.self).min() ?? now + .seconds(1)
        now = min(next, now + .seconds(3600))
        probe()
    }

    mutating func pass(_ span: Span) {
        now = now + span
        probe()
    }

    /// What processes and probes do by now.
    mutating func probe() {
        for (id, instance) in instances where instance.state == .running {
            switch behaviours[instance.generation] ?? .good {
            case .good: if instance.createdAt + warmUp <= now && health[id] == nil { health[id] = .healthy }
            case .exits: if instance.createdAt + .seconds(1) <= now { instances[id]?.state = .exited(code: 1) }
            case .neverHealthy: if instance.createdAt + .seconds(20) <= now { health[id] = .unhealthy("no answer") }
            case .cannotStart: break
            }
        }
        for (id, instance) in instances { if case .exited = instance.state { health[id] = nil } }
    }

    mutating func perform(_ action: RolloutAction) {
        switch action {
        case .start:
            guard let desired else { return }
            if behaviours[desired.generation] == .cannotStart {
                artifactFailure = "the archive cannot be read"
                return
            }
            artifactFailure = nil
            suffix += 1
            let id = InstanceID(workload: World.name, generation: desired.generation, suffix: suffix)
            instances[id] = ObservedInstance(
                id: id, workload: World.name, generation: desired.generation, state: .running, createdAt: now,
                endpoints: [World.port: Endpoint(host: "127.0.0.1", port: 20000 + Int(suffix))], health: desired.workload.health
            )
        case .stop(let id, _, _):
            instances[id] = nil
            health[id] = nil
        }
    }

    /// The edge does what it is told; connections of a server that stays, stay.
    mutating func apply(_ listeners: [EdgeListener]) {
        var result = ObservedEdge()
        for listener in listeners {
            var servers: [InstanceID: ObservedListener.Server] = [:]
            for server in listener.servers {
                let before = edge.listeners[listener.key]?.servers[server.instance]?.connections ?? 0
                servers[server.instance] = .init(
                    endpoint: server.endpoint, weight: server.weight, draining: server.draining, connections: before)
            }
            result.listeners[listener.key] = ObservedListener(
                address: Endpoint(host: "127.0.0.1", port: listener.port), servers: servers)
        }
        edge = result
    }

    /// Opens connections to every server.
    mutating func connect(_ count: Int, to id: InstanceID) {
        for key in edge.listeners.keys where edge.listeners[key]?.servers[id] != nil {
            edge.listeners[key]?.servers[id]?.connections = count
        }
    }

    func isActive(_ id: InstanceID) -> Bool {
        edge.listeners.values.contains { $0.servers[id].map { $0.weight > 0 && !$0.draining } ?? false }
    }

    func of(_ number: Int) -> [InstanceID] {
        instances.values.filter { $0.generation == World.generation(number) }.map(\.id).sorted()
    }

    /// Who gets new connections, by generation number given.
    func serving(_ number: Int) -> Int { of(number).count { isActive($0) } }
}

extension RolloutDecision {
    var starts: Int { actions.count { $0 == .start } }
    var stopped: [InstanceID] {
        actions.compactMap { action in if case .stop(let id, _, _) = action { id } else { nil } }
    }
    var isFailed: Bool { if case .failed = phase { true } else { false } }
}
