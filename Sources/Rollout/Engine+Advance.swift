import CurfewModel

extension Engine {
    /// The generation to come has to prove itself beside the instances that serve now.
    mutating func advance() -> RolloutDecision {
        let waiting = input.waitsFor.isEmpty ? nil : "waits for \(input.waitsFor.map(\.rawValue).joined(separator: ", "))"
        if policy.strategy == .recreate && !old.isEmpty { return waiting == nil ? makeRoom() : standBack(waiting) }
        let serving = servingOld(revives: ready.count < replicas)
        guard !serving.isEmpty else { return keepUp(waiting: waiting) }

        let goods = new.filter { $0.standing.isPromising }
        let victims = surplus(of: goods)
        let keepers = goods.filter { !victims.contains($0) }
        let prepared = keepers.filter { $0.standing == .ready }
        var leaving = victims.map { Removal(member: $0, reason: "one more than the \(replicas) that are wanted") }
        leaving += new.filter { !$0.standing.isPromising }.map { Removal(member: $0, reason: $0.standing.fault ?? "") }
        leaving += old.filter { !serving.contains($0) }.map(superseded)
        let missing = waiting == nil ? replicas - keepers.count : 0
        let progress = waiting ?? "\(prepared.count) of \(replicas) of generation \(generation?.short ?? "") healthy"

        if prepared.count >= replicas {
            if case .canary(let steps) = policy.strategy, traffic.exists, replicas > 0,
                let weight = canaryWeight(steps, prepared)
            {
                return finish(
                    shares(new: prepared, old: serving, percent: weight), removing: leaving, moved: false,
                    text: "canary: \(weight) % of the traffic")
            }
            return finish(
                prepared.map { Share($0) }, removing: leaving + serving.map(superseded), moved: true, text: nil)
        }
        guard case .rolling(let surge) = policy.strategy else {
            start(missing, beside: serving.count)
            return finish(serving.map { Share($0) }, removing: leaving, moved: false, text: progress)
        }
        // As many old ones may go as new ones are seen to serve.
        let shown = traffic.exists ? prepared.count { traffic.isActive($0.id) } : prepared.count
        let order = serving.sorted {
            ($0.standing == .ready) != ($1.standing == .ready) ? $1.standing == .ready : Member.older($0, $1)
        }
        let going = order.prefix(max(0, shown + serving.count - replicas))
        start(min(missing, replicas + max(1, surge) - new.count - old.count), beside: serving.count)
        return finish(
            (prepared + serving.filter { !going.contains($0) }).map { Share($0) }, removing: leaving + going.map(superseded),
            moved: false, text: progress)
    }

    /// The generation has failed, or may not start yet: what serves goes on with all the traffic, and nothing is started.
    mutating func standBack(_ waiting: String? = nil) -> RolloutDecision {
        var active = servingOld(revives: true)
        if active.isEmpty {
            active = ready
        } else if isRolling {
            // Half-way through, some old ones are gone for good: the service keeps its size on what has proven healthy.
            active += ready.filter { traffic.mayBeActive($0.id) }.prefix(max(0, replicas - active.count))
        }
        if active.isEmpty { active = old.filter { traffic.mayBeActive($0.id) && !$0.standing.isPending } }
        let leaving = (new + old).filter { !active.contains($0) }.map { member in
            Removal(
                member: member,
                reason: member.standing.fault
                    ?? (member.instance.generation == generation ? "its generation has failed" : superseded(member).reason))
        }
        if waiting == nil, let generation, let failure = memory.failures[generation] {
            wakes.append(failure.nextTry)
            var decision = finish(active.map { Share($0) }, removing: leaving, moved: false, text: nil)
            decision.phase = .failed(failure.reason)
            return decision
        }
        return finish(active.map { Share($0) }, removing: leaving, moved: false, text: waiting)
    }

    /// recreate: the old ones go before anything is started.
    private mutating func makeRoom() -> RolloutDecision {
        finish([], removing: (old + new).map(superseded), moved: false, text: "the old instances end first")
    }

    private func superseded(_ member: Member) -> Removal {
        Removal(
            member: member,
            reason: member.standing.fault.map { "\($0)" } ?? "succeeded by generation \(generation?.short ?? "")")
    }

    /// Instances of other generations that carry the service until the new ones can: never the abandoned ones of a rollout
    /// that was pre-empted before it got traffic. `revives`: also those that were about to go, if there is nobody else.
    func servingOld(revives: Bool) -> [Member] {
        let sound = old.filter { member in
            if case .unhealthy = member.standing { return false }
            return member.standing != .starting
        }
        let proven = sound.filter { $0.instance.generation == memory.lastGood }
        var serving: [Member]
        if traffic.exists {
            serving = sound.filter { member in
                traffic.mayBeActive(member.id) || member.instance.generation == memory.lastGood && member.standing == .ready
            }.filter { memory.drainingSince[$0.id] == nil || traffic.isActive($0.id) && !isRolling }
            if serving.isEmpty && (revives || !ready.contains { traffic.isActive($0.id) }) {
                serving = sound.filter { $0.standing == .ready || traffic.isPresent($0.id) }
                if serving.contains(where: { $0.instance.generation == memory.lastGood }) {
                    serving.removeAll { $0.instance.generation != memory.lastGood }
                }
            }
        } else {
            serving = isRolling || proven.isEmpty ? sound.filter { $0.standing != .unknown || proven.isEmpty } : proven
        }
        // Enough of the proven ones: an abandoned canary's share goes back to them.
        let known = serving.filter { $0.instance.generation == memory.lastGood }
        return known.count >= max(1, replicas) ? known : serving
    }

    private var isRolling: Bool { if case .rolling = policy.strategy { true } else { false } }
}
