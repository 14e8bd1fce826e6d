import CurfewDrivers
import CurfewModel

/// One decision in the making: the input sorted out, and what has been decided so far.
struct Engine {
    let input: RolloutInput
    let now: Instant
    let traffic: Traffic
    /// The generation to come, `nil` when the workload is retired.
    let generation: Generation?
    let replicas: Int
    let policy: RolloutPolicy
    /// Ports with a stable address.
    let exposed: [Port]
    /// All instances, oldest first.
    let members: [Member]
    var memory: WorkloadMemory
    var starts = 0
    var stops: [RolloutAction] = []
    var wakes: [Instant] = []
    var failure: RolloutFailure?

    init(_ input: RolloutInput) {
        self.input = input
        now = input.now
        let traffic = Traffic(input)
        self.traffic = traffic
        generation = input.desired?.generation
        replicas = max(0, input.desired?.workload.replicas ?? 0)
        policy = input.desired?.workload.rollout ?? RolloutPolicy()
        exposed = (input.desired?.workload.ports ?? []).filter { $0.expose != nil }
        members = input.instances.map { instance in
            let check = instance.generation == input.desired?.generation ? input.desired?.workload.health : instance.health
            let standing = Standing(
                instance, health: input.health[instance.id], check: check, inTraffic: traffic.mayBeActive(instance.id))
            return Member(instance: instance, standing: standing)
        }.sorted(by: Member.older)
        memory = input.memory.mended(now: input.now)
        if let warm = memory.warm { memory.warm?.until = min(warm.until, now + policy.keepWarm) }
    }

    /// Instances of the generation to come, alive and ours.
    var new: [Member] { members.filter { isOurs($0) && $0.standing.isAlive && $0.instance.generation == generation } }
    /// Instances of other generations, alive and ours.
    var old: [Member] { members.filter { isOurs($0) && $0.standing.isAlive && $0.instance.generation != generation } }
    /// Ready instances of the generation to come.
    var ready: [Member] { new.filter { $0.standing == .ready } }
    /// Whether the generation to come has still to prove itself.
    var isTrial: Bool { generation != nil && memory.lastGood != generation }
    /// Whether the generation to come has failed and its next try is later.
    var isBackingOff: Bool {
        guard isTrial, replicas > 0, let generation, let failure = memory.failures[generation] else { return false }
        return failure.nextTry > now
    }

    private func isOurs(_ member: Member) -> Bool { member.instance.foreign == nil }

    /// Puts the decision together.
    func decision(_ listeners: [EdgeListener], _ phase: Phase) -> RolloutDecision {
        RolloutDecision(
            actions: Array(repeating: .start, count: starts) + stops, listeners: listeners, memory: memory, phase: phase,
            wakeAt: wakes.filter { $0 > now }.min(), failure: failure)
    }
}

extension WorkloadMemory {
    /// The same memory with moments that a clock set back has put into the future pulled back to `now`, and bounded.
    func mended(now: Instant) -> WorkloadMemory {
        var result = self
        if var rollout {
            rollout.startedAt = min(rollout.startedAt, now)
            rollout.stepSince = min(rollout.stepSince, now)
            result.rollout = rollout
        }
        for (generation, failure) in failures {
            result.failures[generation]?.nextTry = min(failure.nextTry, now + Engine.longestPause)
        }
        for extra in failures.sorted(by: { ($0.value.at, $0.key) < ($1.value.at, $1.key) }).dropLast(8) {
            result.failures[extra.key] = nil
        }
        result.drainingSince = drainingSince.mapValues { min($0, now) }
        result.restarts = restarts.suffix(8).map { min($0, now) }
        return result
    }
}
