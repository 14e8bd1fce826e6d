import CurfewModel

/// An instance and its share of the traffic, 0 to 256.
struct Share {
    let member: Member
    var weight: Int
    init(_ member: Member, weight: Int = 100) { (self.member, self.weight) = (member, weight) }
}

extension Engine {
    /// The per cent that the new generation gets now, `nil` once the last step is over. Advances the memory.
    ///
    /// A step's pause begins when the edge is seen to send something to the new instances, not when it was told to.
    mutating func canaryWeight(_ steps: [RolloutPolicy.CanaryStep], _ prepared: [Member]) -> Int? {
        guard var rollout = memory.rollout else { return steps.first?.weight }
        rollout.step = max(0, rollout.step)
        guard rollout.step < steps.count else { return nil }
        if !traffic.isBlind {
            if !prepared.contains(where: { traffic.isActive($0.id) }) {
                (rollout.step, rollout.stepSince) = (0, now)
            } else if prepared.count >= replicas, rollout.stepSince + steps[rollout.step].pause <= now {
                (rollout.step, rollout.stepSince) = (rollout.step + 1, now)
            }
        }
        memory.rollout = rollout
        guard rollout.step < steps.count else { return nil }
        wakes.append(rollout.stepSince + steps[rollout.step].pause)
        return min(max(steps[rollout.step].weight, 1), 99)
    }

    /// Spreads the traffic so that all new instances together get `percent` of it, however many there are of each. The
    /// weights are as large as they may be, so that rounding costs least.
    func shares(new: [Member], old: [Member], percent: Int) -> [Share] {
        guard !new.isEmpty, !old.isEmpty else { return (new + old).map { Share($0) } }
        let fresh = Double(percent) / Double(new.count)
        let settled = Double(100 - percent) / Double(old.count)
        let scale = 256 / max(fresh, settled)
        func weight(_ share: Double) -> Int { min(256, max(1, Int(share * scale + 0.5))) }
        return new.map { Share($0, weight: weight(fresh)) } + old.map { Share($0, weight: weight(settled)) }
    }
}
