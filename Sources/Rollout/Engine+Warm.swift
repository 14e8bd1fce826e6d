import CurfewModel

/// `keepWarm`: the generation before stays, healthy and without traffic, for a while.
extension Engine {
    /// Those of `removing` that stay warm: sound instances of the generation before, as many as are wanted.
    func warm(among removing: [Removal]) -> Set<InstanceID> {
        guard policy.keepWarm > .zero, traffic.exists, let kept = warmGeneration else { return [] }
        let candidates = removing.map(\.member).filter {
            $0.instance.generation == kept && ($0.standing == .ready || $0.standing == .unknown)
        }
        return Set(candidates.sorted(by: Member.older).prefix(replicas).map(\.id))
    }

    /// Whose instances may stay: until the new generation is through its rollout, the one that serves.
    private var warmGeneration: Generation? {
        if isTrial { return memory.lastGood }
        guard let warm = memory.warm, warm.generation != generation, warm.until > now else { return nil }
        return warm.generation
    }

    /// A generation is through: the one before stays warm from now on.
    mutating func beginWarmth(of previous: Generation?) {
        let isKept = policy.keepWarm > .zero && previous != nil && previous != generation
        memory.warm = isKept ? previous.map { .init(generation: $0, until: now + policy.keepWarm) } : nil
    }
}
