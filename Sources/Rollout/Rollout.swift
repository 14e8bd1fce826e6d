import CurfewModel

/// Brings one workload from what runs to what should run, one safe step at a time.
///
/// Level-triggered: every decision is made afresh from what is observed now, so being killed between any two actions, an
/// action that was not done, or a lost memory costs a repeated step and nothing else. Pure: no clock, no I/O.
public enum Rollout {
    /// What to do now about one workload.
    public static func decide(_ input: RolloutInput) -> RolloutDecision {
        var engine = Engine(input)
        guard let desired = input.desired else { return engine.retire() }
        if input.held && !engine.isBackingOff { return engine.hold("the plan holds it") }
        return engine.decide(desired)
    }
}

extension Engine {
    mutating func decide(_ desired: DesiredWorkload) -> RolloutDecision {
        settleIfDone()
        if isTrial && !isBackingOff { judge() }
        if isTrial && isBackingOff {
            memory.rollout = nil
            return standBack()
        }
        if !isTrial {
            memory.rollout = nil
            return keepUp()
        }
        return advance()
    }

    /// The trial is over once all new instances are ready and the edge sends everything to them and nothing to others.
    private mutating func settleIfDone() {
        guard isTrial, ready.count >= replicas, !isBackingOff || old.isEmpty else { return }
        if traffic.exists {
            guard !traffic.isBlind, !old.contains(where: { traffic.isActive($0.id) }) else { return }
            guard exposed.isEmpty || ready.count(where: { traffic.isActive($0.id) }) >= replicas else { return }
        }
        beginWarmth(of: memory.lastGood)
        memory.lastGood = generation
        memory.restarts = []
        memory.rollout = nil
        if let generation { memory.failures[generation] = nil }
    }
}
